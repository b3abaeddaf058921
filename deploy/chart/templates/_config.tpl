{{/* kigen.toml: what the values set, and `settings` over it. */}}

{{- define "kigen.settings" -}}
{{- $slack := dict -}}
{{- with .Values.slack -}}
{{- if .channel -}}{{- $_ := set $slack "channel" .channel -}}{{- end -}}
{{- if .errorChannel -}}{{- $_ := set $slack "error_channel" .errorChannel -}}{{- end -}}
{{- if .dryRun -}}{{- $_ := set $slack "dry_run" true -}}
{{- else if .channel -}}{{- $_ := set $slack "token_file" "/etc/kigen-slack/token" -}}
{{- end -}}
{{- end -}}
{{- $all := dict "cluster" .Values.cluster "health" (dict "address" "0.0.0.0:9469") "slack" $slack -}}
{{- if .Values.objectives -}}{{- $_ := set $all "objectives_file" "/etc/kigen-objectives/objectives.yaml" -}}{{- end -}}
{{- with .Values.watchNamespace -}}{{- $_ := set $all "kubernetes" (dict "namespace" .) -}}{{- end -}}
{{- if eq .Values.mode "roles" -}}
{{- with .Values.kafka -}}
{{- $kafka := dict "brokers" .brokers -}}
{{- if .existingSecret -}}{{- $_ := set $kafka "password_file" "/etc/kigen-kafka/password" -}}{{- end -}}
{{- with .registry -}}
{{- if .url -}}
{{- $registry := dict "url" .url -}}
{{- if .user -}}{{- $_ := set $registry "user" .user -}}{{- end -}}
{{- if .existingSecret -}}{{- $_ := set $registry "password_file" "/etc/kigen-registry/password" -}}{{- end -}}
{{- $_ := set $kafka "registry" $registry -}}
{{- end -}}
{{- end -}}
{{- $_ := set $all "log" (dict "kind" "kafka" "partitions" .partitions) -}}
{{- $_ := set $all "kafka" $kafka -}}
{{- end -}}
{{- end -}}
{{- toJson (mergeOverwrite $all (deepCopy .Values.settings)) -}}
{{- end -}}

{{- define "kigen.toml" -}}
{{- include "kigen.toml.table" (dict "path" "" "table" (include "kigen.settings" . | fromJson)) | trim -}}
{{- end -}}

{{/* A table of TOML: its own keys first, then the tables within. Helm's `toToml` writes whole numbers as floats, which are no
     settings. Takes a dict of path and table. */}}
{{- define "kigen.toml.table" -}}
{{- range $key, $value := .table -}}
{{- if not (kindIs "map" $value) }}
{{ include "kigen.toml.key" $key }} = {{ include "kigen.toml.value" $value }}
{{- end -}}
{{- end -}}
{{- range $key, $value := .table -}}
{{- if kindIs "map" $value -}}
{{- $path := include "kigen.toml.key" $key -}}
{{- if $.path -}}{{- $path = printf "%s.%s" $.path $path -}}{{- end }}
[{{ $path }}]
{{- include "kigen.toml.table" (dict "path" $path "table" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kigen.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . -}}{{ . }}{{- else -}}{{ toJson . }}{{- end -}}
{{- end -}}

{{- define "kigen.toml.value" -}}
{{- if kindIs "float64" . -}}{{ int64 . }}
{{- else if kindIs "map" . -}}
{{- $pairs := list -}}
{{- range $key, $value := . -}}
{{- $pairs = append $pairs (printf "%s = %s" (include "kigen.toml.key" $key) (include "kigen.toml.value" $value)) -}}
{{- end -}}
{ {{- join ", " $pairs -}} }
{{- else if kindIs "slice" . -}}
{{- $values := list -}}
{{- range . -}}{{- $values = append $values (include "kigen.toml.value" .) -}}{{- end -}}
[{{- join ", " $values -}}]
{{- else -}}{{ toJson . }}{{- end -}}
{{- end -}}
