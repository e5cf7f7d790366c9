{{/*
A server of Lectern: Deployment, headless Service, scaling, and what protects them.
Takes {root, name, settings, module, ports, env, callers, calls, scaler, grace}.
*/}}
{{- define "lectern.server" -}}
{{- $leave := 5 -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  {{- if not .settings.scaling.enabled }}
  replicas: {{ .settings.replicas }}
  {{- end }}
  # Peers need a moment to notice an instance that is back, before the next one leaves.
  minReadySeconds: 5
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 25%
  selector:
    matchLabels:
      {{- include "lectern.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "lectern.podLabels" . | nindent 8 }}
      annotations:
        {{- $scraped := dict "prometheus.io/scrape" "true" "prometheus.io/port" "9464" }}
        {{- include "lectern.podAnnotations" (dict "root" .root "own" $scraped) | nindent 8 }}
    spec:
      {{- include "lectern.podSettings" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ add .grace $leave 10 }}
      containers:
        - name: {{ .name }}
          image: {{ include "lectern.image" (dict "root" .root "image" .root.Values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [python, -m, {{ .module }}]
          ports:
            {{- range $port, $number := .ports }}
            - name: {{ $port }}
              containerPort: {{ $number }}
            {{- end }}
            - name: health
              containerPort: 8086
            - name: metrics
              containerPort: 9464
          {{- $own := dict "LECTERN_LISTEN" (printf "0.0.0.0:%v" .ports.grpc) "LECTERN_HEALTH_LISTEN" "0.0.0.0:8086" "LECTERN_METRICS_LISTEN" "0.0.0.0:9464" "LECTERN_LEAVE_SECONDS" $leave "LECTERN_DRAIN_SECONDS" .grace }}
          {{- include "lectern.environment" (dict "root" .root "env" (merge (.env | default dict) $own)) | nindent 10 }}
          startupProbe:
            # Five minutes, as all of them start at once on a small node; a cut start would only begin again.
            grpc: {port: 8086}
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 150
          readinessProbe:
            grpc: {port: 8086}
            periodSeconds: 5
            timeoutSeconds: 3
          livenessProbe:
            tcpSocket: {port: health}
            periodSeconds: 20
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            # Endpoints are taken away while the process still answers; then SIGTERM begins its own leave.
            preStop:
              sleep: {seconds: 2}
          securityContext:
            {{- include "lectern.containerSecurity" . | nindent 12 }}
          resources:
            {{- toYaml .settings.resources | nindent 12 }}
          {{- include "lectern.mounts" . | nindent 10 }}
      {{- include "lectern.volumes" . | nindent 6 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  # Headless: callers balance each request over the instances themselves.
  clusterIP: None
  selector:
    {{- include "lectern.selector" . | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - name: {{ $port }}
      port: {{ $number }}
      targetPort: {{ $port }}
    {{- end }}
---
{{ include "lectern.guards" . }}
{{- if and .settings.scaling.enabled (eq (.scaler | default "hpa") "hpa") }}
---
{{ include "lectern.hpa" . }}
{{- end }}
{{- end }}

{{/* Takes what lectern.server does: by processor and memory, where these are named. */}}
{{- define "lectern.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "lectern.name" . }}
  minReplicas: {{ .settings.scaling.min }}
  maxReplicas: {{ .settings.scaling.max }}
  metrics:
    {{- range $resource, $percent := dict "cpu" .settings.scaling.cpuPercent "memory" .settings.scaling.memoryPercent }}
    {{- if $percent }}
    - type: Resource
      resource:
        name: {{ $resource }}
        target:
          type: Utilization
          averageUtilization: {{ $percent }}
    {{- end }}
    {{- end }}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
        - {type: Percent, value: 100, periodSeconds: 30}
        - {type: Pods, value: 4, periodSeconds: 30}
      selectPolicy: Max
    scaleDown:
      # Streams end slowly, and exam week comes in waves.
      stabilizationWindowSeconds: 300
      policies:
        - {type: Percent, value: 20, periodSeconds: 60}
{{- end }}
