{{/* The pod of a role. Takes a dict of root, role and values: the values of all pods with the role's own over them. */}}
{{- define "kigen.pod" -}}
{{- $root := .root -}}
{{- $ships := has .role (list "up" "ship") -}}
{{- $delivers := and (has .role (list "up" "notify")) $root.Values.slack.channel (not $root.Values.slack.dryRun) -}}
{{- $kafka := eq $root.Values.mode "roles" -}}
{{- $registry := and $kafka $root.Values.kafka.registry.url $root.Values.kafka.registry.existingSecret -}}
{{- $objectives := and $ships $root.Values.objectives -}}
{{- $stores := and (has .role (list "up" "process")) .values.persistence.enabled -}}
metadata:
  labels:
    {{- include "kigen.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
    {{- with .values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    # A changed kigen.toml restarts the pods.
    checksum/config: {{ include "kigen.toml" $root | sha256sum }}
    {{- with .values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  {{- if $ships }}
  serviceAccountName: {{ include "kigen.account" $root }}
  {{- else }}
  automountServiceAccountToken: false
  {{- end }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.terminationGracePeriodSeconds }}
  terminationGracePeriodSeconds: {{ . }}
  {{- end }}
  securityContext: {{- toYaml .values.podSecurityContext | nindent 4 }}
  containers:
    - name: kigen
      image: {{ include "kigen.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{- toYaml (concat (list .role) .values.extraArgs) | nindent 8 }}
      env:
        - {name: KIGEN_CONFIG, value: /etc/kigen/kigen.toml}
        - {name: KIGEN_DATA_DIR, value: /data}
        {{- with .values.extraEnv }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with .values.extraEnvFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - {name: health, containerPort: 9469}
      livenessProbe: {{- toYaml .values.livenessProbe | nindent 8 }}
      readinessProbe: {{- toYaml .values.readinessProbe | nindent 8 }}
      securityContext: {{- toYaml .values.securityContext | nindent 8 }}
      resources: {{- toYaml .values.resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/kigen, readOnly: true}
        - {name: data, mountPath: /data}
        {{- if $objectives }}
        - {name: objectives, mountPath: /etc/kigen-objectives, readOnly: true}
        {{- end }}
        {{- if $delivers }}
        - {name: slack, mountPath: /etc/kigen-slack, readOnly: true}
        {{- end }}
        {{- if and $kafka $root.Values.kafka.existingSecret }}
        - {name: kafka, mountPath: /etc/kigen-kafka, readOnly: true}
        {{- end }}
        {{- if $registry }}
        - {name: registry, mountPath: /etc/kigen-registry, readOnly: true}
        {{- end }}
        {{- with .values.extraVolumeMounts }}{{ toYaml . | nindent 8 }}{{ end }}
  volumes:
    - {name: config, configMap: {name: {{ include "kigen.fullname" $root }}}}
    {{- if not $stores }}
    - {name: data, emptyDir: {}}
    {{- end }}
    {{- if $objectives }}
    - {name: objectives, configMap: {name: {{ include "kigen.fullname" $root }}-objectives}}
    {{- end }}
    {{- if $delivers }}
    {{- with $root.Values.slack }}
    - {name: slack, secret: {secretName: {{ .existingSecret }}, items: [{key: {{ .existingSecretKey }}, path: token}]}}
    {{- end }}
    {{- end }}
    {{- if and $kafka $root.Values.kafka.existingSecret }}
    {{- with $root.Values.kafka }}
    - {name: kafka, secret: {secretName: {{ .existingSecret }}, items: [{key: {{ .existingSecretKey }}, path: password}]}}
    {{- end }}
    {{- end }}
    {{- if $registry }}
    {{- with $root.Values.kafka.registry }}
    - {name: registry, secret: {secretName: {{ .existingSecret }}, items: [{key: {{ .existingSecretKey }}, path: password}]}}
    {{- end }}
    {{- end }}
    {{- with .values.extraVolumes }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with .values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- $labels := merge (include "kigen.selector" $root | fromYaml) (dict "app.kubernetes.io/component" $.role) }}
    {{- range . }}
    - {{- toYaml (merge (deepCopy .) (dict "labelSelector" (dict "matchLabels" $labels))) | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}
