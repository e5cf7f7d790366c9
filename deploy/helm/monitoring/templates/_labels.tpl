{{/* Takes a map of labels; of an empty one it gives nothing. */}}
{{- define "monitoring.extraLabels" -}}
{{- with . }}
{{- toYaml . }}
{{- end }}
{{- end }}
