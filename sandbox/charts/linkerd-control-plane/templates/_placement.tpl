{{/* Where pods may run: root, component, and spread (whether replicas keep apart). */}}
{{- define "plane.placement" -}}
{{- $values := .root.Values }}
nodeSelector:
  {{- toYaml $values.nodeSelector | nindent 2 }}
{{- if and .spread $values.enablePodAntiAffinity }}
affinity:
  {{- $pods := dict "matchExpressions" (list (dict "key" "linkerd.io/control-plane-component" "operator" "In" "values" (list .component))) }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm: {labelSelector: {{ toJson $pods }}, topologyKey: topology.kubernetes.io/zone}
    requiredDuringSchedulingIgnoredDuringExecution:
      - {labelSelector: {{ toJson $pods }}, topologyKey: kubernetes.io/hostname}
{{- end }}
{{- end -}}
