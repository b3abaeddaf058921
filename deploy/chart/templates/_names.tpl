{{/* Names and labels. */}}

{{- define "kigen.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name where it contains the chart's. Short, since a pod's name is its own plus the role's. */}}
{{- define "kigen.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "kigen.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "kigen.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kigen.selector" -}}
app.kubernetes.io/name: {{ include "kigen.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kigen.labels" -}}
{{ include "kigen.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The account of the process that uses the API server: the shipper, or `up`. */}}
{{- define "kigen.account" -}}
{{- $default := include "kigen.account.created" . -}}
{{- if not .Values.serviceAccount.create -}}{{- $default = "default" -}}{{- end -}}
{{- default $default .Values.serviceAccount.name -}}
{{- end -}}

{{/* What the account and its roles are called where nothing else is given. */}}
{{- define "kigen.account.created" -}}
{{- include "kigen.fullname" . -}}{{- if eq .Values.mode "roles" -}}-shipper{{- end -}}
{{- end -}}

{{- define "kigen.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The roles that run, as JSON's list. */}}
{{- define "kigen.roles" -}}
{{- if eq .Values.mode "up" -}}
["up"]
{{- else -}}
{{- $roles := list -}}
{{- range tuple "ship" "process" "notify" "archive" -}}
{{- if (index $.Values .).enabled -}}{{- $roles = append $roles . -}}{{- end -}}
{{- end -}}
{{- toJson $roles -}}
{{- end -}}
{{- end -}}

{{/* The name of a role's StatefulSet. Takes a dict of root and role. */}}
{{- define "kigen.workload" -}}
{{- include "kigen.fullname" .root -}}{{- if ne .role "up" -}}-{{ .role }}{{- end -}}
{{- end -}}

{{/* Ends with advice where the values do not belong together. */}}
{{- define "kigen.validate" -}}
{{- if not .Values.cluster -}}
{{- fail "\n\nSet `cluster`: the cluster's name in keys and messages, as in --set cluster=prod." -}}
{{- end -}}
{{- $delivers := or (eq .Values.mode "up") .Values.notify.enabled -}}
{{- if and $delivers (not .Values.slack.channel) (not .Values.slack.dryRun) (not .Values.settings.receivers) -}}
{{- fail "\n\nSet `slack.channel`, as in --set slack.channel=C0123456789; or other receivers, in `settings.receivers`; or, to try kigen without any, --set slack.dryRun=true." -}}
{{- end -}}
{{- if eq .Values.mode "roles" -}}
{{- if not .Values.kafka.brokers -}}
{{- fail "\n\nSet `kafka.brokers`: with mode=roles the processes meet in Kafka. For one pod without Kafka: --set mode=up." -}}
{{- end -}}
{{- if .Values.slack.dryRun -}}
{{- fail "\n\n`slack.dryRun` is of mode=up: on Kafka a dry run joins no group, and the other roles refuse it." -}}
{{- end -}}
{{- if and .Values.archive.enabled (not (dig "archive" "url" "" .Values.settings)) -}}
{{- fail "\n\nSet `settings.archive.url` for `archive.enabled`, as in --set settings.archive.url=s3://backups/kigen." -}}
{{- end -}}
{{- if eq (include "kigen.roles" .) "[]" -}}
{{- fail "\n\nEnable one of `ship`, `process`, `notify` and `archive`." -}}
{{- end -}}
{{- else if .Values.kafka.brokers -}}
{{- fail "\n\n`kafka.brokers` is of mode=roles: set that, or leave it empty." -}}
{{- end -}}
{{- end -}}
