{{/* Where pods may run: root, component, and spread (whether replicas keep apart). */}}
{{- define "plane.placement" -}}
{{- $values := .root.Values }}
nodeSelector:
  {{- toYaml $values.nodeSelector | nindent 2 }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and .spread (or $values.enablePodAntiAffinity $values.nodeAffinity) }}
affinity:
  {{- with $values.nodeAffinity }}
  nodeAffinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $values.enablePodAntiAffinity }}
  {{- $pods := dict "matchExpressions" (list (dict "key" "linkerd.io/control-plane-component" "operator" "In" "values" (list .component))) }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm: {labelSelector: {{ toJson $pods }}, topologyKey: topology.kubernetes.io/zone}
    requiredDuringSchedulingIgnoredDuringExecution:
      - {labelSelector: {{ toJson $pods }}, topologyKey: kubernetes.io/hostname}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end -}}
