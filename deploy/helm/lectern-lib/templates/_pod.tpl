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

{{/* Takes {root, env, apart}: the environment of one of Lectern's own processes; `apart` speaks with no other service. */}}
{{- define "lectern.environment" -}}
envFrom:
  - secretRef:
      name: {{ include "lectern.secretName" .root }}
  {{- include "lectern.extraItems" .root.Values.extraEnvFrom | nindent 2 }}
env:
  {{- include "lectern.variables" (dict "root" .root "own" (include "lectern.ownVariables" .)) | trim | nindent 2 }}
{{- end }}

{{- define "lectern.ownVariables" -}}
{{- $root := .root -}}
- name: HOME
  value: /tmp
- name: LECTERN_LOG_FORMAT
  value: json
{{- if and $root.Values.otlpEndpoint (not .apart) }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $root.Values.otlpEndpoint | quote }}
{{- end }}
{{- if and $root.Values.mtls.enabled (not .apart) }}
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
{{- end }}

{{/*
Takes {root, own}: a container's own variables as YAML, then `env` of the values, then `extraEnv`. A name stands there once,
as the last of them says it: a list that has it twice is refused by server-side apply, which Helm 4 installs by.
*/}}
{{- define "lectern.variables" -}}
{{- $values := .root.Values -}}
{{- $extra := list -}}
{{- range $values.extraEnv }}{{ $extra = append $extra .name }}{{ end -}}
{{- range .own | fromYamlArray }}
{{- if not (or (has .name $extra) (hasKey $values.env .name)) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- range $name, $value := $values.env }}
{{- if not (has $name $extra) }}
- name: {{ $name }}
  value: {{ include "lectern.text" $value | quote }}
{{- end }}
{{- end }}
{{- include "lectern.extraItems" $values.extraEnv | nindent 0 }}
{{- end }}

{{/* Takes a value as a setting is written: files of values hold whole numbers as 1e+06, which no setting takes. */}}
{{- define "lectern.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Takes {root, own}: annotations of pods; those of the values come before a chart's own. */}}
{{- define "lectern.podAnnotations" -}}
{{- $all := deepCopy .own }}
{{- range $name, $value := .root.Values.podAnnotations }}{{ $_ := set $all $name $value }}{{ end }}
{{- toYaml $all }}
{{- end }}

{{- define "lectern.mounts" -}}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if and .root.Values.mtls.enabled (not .apart) }}
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
  {{- if and .root.Values.mtls.enabled (not .apart) }}
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
