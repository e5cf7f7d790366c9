{{/* Takes {root, name}: the name of what belongs to a component, such as lectern-threads. */}}
{{- define "lectern.name" -}}
{{- printf "%s-%s" .root.Values.prefix .name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* Takes {root, name}: what selects the pods of a component. */}}
{{- define "lectern.selector" -}}
app.kubernetes.io/name: {{ include "lectern.name" . }}
app.kubernetes.io/part-of: {{ .root.Values.prefix }}
{{- end }}

{{/* Takes {root}: the version of the image, for charts that have one. */}}
{{- define "lectern.version" -}}
app.kubernetes.io/version: {{ include "lectern.labelValue" ((.root.Values.image).tag | default .root.Chart.AppVersion) }}
{{- end }}

{{- define "lectern.labels" -}}
{{ include "lectern.selector" . }}
{{ include "lectern.version" . }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ include "lectern.labelValue" (printf "%s-%s" .root.Chart.Name .root.Chart.Version) }}
{{- end }}

{{/* Takes a text: as a label may hold it. Versions of charts may have a plus, and tags 128 characters. */}}
{{- define "lectern.labelValue" -}}
{{ . | replace "+" "_" | trunc 63 | trimAll "-._" | quote }}
{{- end }}

{{/* Takes {root, image}: by digest where there is one. */}}
{{- define "lectern.image" -}}
{{- $image := .image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/*
The secret that the processes of a chart read. Where External Secrets makes it, each chart has its own: two owners of one
secret would take it from each other.
*/}}
{{- define "lectern.secretName" -}}
{{- if .Values.secrets.external.enabled -}}
{{ .Values.secrets.name }}-{{ .Chart.Name }}
{{- else -}}
{{ .Values.secrets.name }}
{{- end -}}
{{- end }}

{{/* Takes {root, name, port}: a gRPC target over all instances of another service. */}}
{{- define "lectern.target" -}}
dns:///{{ .root.Values.prefix }}-{{ .name }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}:{{ .port }}
{{- end }}
