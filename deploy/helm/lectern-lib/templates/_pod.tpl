{{/* Takes {root, name, settings}: what every pod of a component has around its containers. */}}
{{- define "lectern.podSettings" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "lectern.name" . }}
automountServiceAccountToken: {{ $values.serviceAccount.automount }}
enableServiceLinks: false
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "lectern.selector" $ | nindent 8 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "lectern.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Takes {root, name, env}: the environment of one of Lectern's own processes. */}}
{{- define "lectern.environment" -}}
{{- $root := .root }}
envFrom:
  - secretRef:
      name: {{ include "lectern.secretName" $root }}
  {{- include "lectern.extraItems" $root.Values.extraEnvFrom | nindent 2 }}
env:
  - name: HOME
    value: /tmp
  - name: LECTERN_LOG_FORMAT
    value: json
  {{- with $root.Values.otlpEndpoint }}
  - name: OTEL_EXPORTER_OTLP_ENDPOINT
    value: {{ . | quote }}
  {{- end }}
  {{- if $root.Values.mtls.enabled }}
  - name: LECTERN_TLS_CERTIFICATE
    value: /etc/lectern/tls/tls.crt
  - name: LECTERN_TLS_PRIVATE_KEY
    value: /etc/lectern/tls/tls.key
  - name: LECTERN_TLS_AUTHORITY
    value: /etc/lectern/tls/ca.crt
  {{- end }}
  {{- range $service, $port := dict "threads" 50052 "context" 50053 "inference" 50054 }}
  - name: LECTERN_{{ upper $service }}_TARGET
    value: {{ include "lectern.target" (dict "root" $root "name" $service "port" $port) | quote }}
  {{- end }}
  {{- range $name, $value := .env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- range $name, $value := $root.Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- include "lectern.extraItems" $root.Values.extraEnv | nindent 2 }}
{{- end }}

{{- define "lectern.mounts" -}}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if .root.Values.mtls.enabled }}
  - name: tls
    mountPath: /etc/lectern/tls
    readOnly: true
  {{- end }}
  {{- include "lectern.extraItems" .root.Values.extraVolumeMounts | nindent 2 }}
{{- end }}

{{- define "lectern.volumes" -}}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: {{ .root.Values.tmpSize }}
  {{- if .root.Values.mtls.enabled }}
  - name: tls
    secret:
      secretName: {{ include "lectern.name" . }}-tls
  {{- end }}
  {{- include "lectern.extraItems" .root.Values.extraVolumes | nindent 2 }}
{{- end }}

{{/* Takes a list of values, and gives its items as YAML; of an empty one nothing. */}}
{{- define "lectern.extraItems" -}}
{{- with . }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/*
Takes {root, name}: the labels of pods, with those of the values. Neither a chart's version nor the release is among them,
because either would replace pods by itself.
*/}}
{{- define "lectern.podLabels" -}}
{{ include "lectern.selector" . }}
{{ include "lectern.version" . }}
{{- with .root.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
