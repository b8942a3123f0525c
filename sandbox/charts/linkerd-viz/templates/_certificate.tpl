{{/*
The certificate of a server that the API server calls: root, component, key (of its values), settings, random (a
certificate made in this render).

The trap of the real chart is kept: without a certificate in the values one is made at random in every render.
*/}}
{{- define "viz.certificate" }}
{{- $s := .settings }}
{{- if and $s.externalSecret (not $s.caBundle) }}
{{- fail (printf "%s: externalSecret needs caBundle" .key) }}
{{- end }}
{{- if not $s.externalSecret }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "viz.metadata" (merge (dict "name" (printf "%s-k8s-tls" .component)) .) | nindent 2 }}
type: kubernetes.io/tls
data:
  tls.crt: {{ .random.Cert | trim | b64enc }}
  tls.key: {{ .random.Key | trim | b64enc }}
{{- end }}
{{- end -}}

{{/* The authority by which the API server knows it. */}}
{{- define "viz.caBundle" -}}
{{ .settings.caBundle | default .random.Cert | trim | b64enc }}
{{- end -}}
