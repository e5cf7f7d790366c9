{{/* Takes {root, port}: where a rule of a route leads to. */}}
{{- define "edge.routeEnd" -}}
backendRefs:
  - {name: {{ include "lectern.name" (dict "root" .root "name" "edge") }}, port: {{ .port }}}
{{- end }}

{{/* Streams last as long as their turn, and sockets as long as their page: the edge and the services set the limits. */}}
{{- define "edge.noTimeouts" -}}
timeouts: {request: 0s, backendRequest: 0s}
{{- end }}

{{/* Fails where a host is named for both kinds of routes: of two on one host the newer one is refused by its Gateway. */}}
{{- define "edge.apartHostnames" -}}
{{- range $http := .Values.gatewayApi.hostnames }}
{{- range $grpc := $.Values.gatewayApi.grpcHostnames }}
{{- $both := eq $http $grpc }}
{{- if hasPrefix "*." $http }}{{ $both = or $both (hasSuffix (trimPrefix "*" $http) $grpc) }}{{ end }}
{{- if hasPrefix "*." $grpc }}{{ $both = or $both (hasSuffix (trimPrefix "*" $grpc) $http) }}{{ end }}
{{- if $both }}
{{- fail (printf "gatewayApi.grpcHostnames: %s meets %s of gatewayApi.hostnames; a host belongs to one kind of route" $grpc $http) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
