{{/*
The certificate of a server that the API server calls: root, component, key (of its values), settings, random (a
certificate made in this render).

The trap of the real chart is kept: without a certificate in the values one is made at random in every render.
*/}}
{{- define "viz.certificate" }}
{{- $s := .settings }}
{{- if and $s.injectCaFrom $s.injectCaFromSecret }}
{{- fail (printf "%s: only one of injectCaFrom and injectCaFromSecret can be set" .key) }}
{{- end }}
{{- if and (or $s.injectCaFrom $s.injectCaFromSecret) $s.caBundle }}
{{- fail (printf "%s: caBundle cannot be set together with injectCaFrom or injectCaFromSecret" .key) }}
{{- end }}
{{- if and $s.externalSecret (not (or $s.caBundle $s.injectCaFrom $s.injectCaFromSecret)) }}
{{- fail (printf "%s: externalSecret needs caBundle, injectCaFrom or injectCaFromSecret" .key) }}
{{- end }}
{{- if and (or $s.injectCaFrom $s.injectCaFromSecret) (not $s.externalSecret) }}
{{- fail (printf "%s: injectCaFrom and injectCaFromSecret need externalSecret" .key) }}
{{- end }}
{{- if not $s.externalSecret }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "viz.metadata" (merge (dict "name" (printf "%s-k8s-tls" .component)) .) | nindent 2 }}
type: kubernetes.io/tls
data:
  tls.crt: {{ $s.crtPEM | default .random.Cert | trim | b64enc }}
  tls.key: {{ $s.keyPEM | default .random.Key | trim | b64enc }}
{{- end }}
{{- end -}}

{{/* The lines by which the API server knows the authority. */}}
{{- define "viz.caBundle" -}}
{{- if not (or .settings.injectCaFrom .settings.injectCaFromSecret) }}
caBundle: {{ .settings.caBundle | default .random.Cert | trim | b64enc }}
{{- end }}
{{- end -}}

{{- define "viz.injection" -}}
{{- if or .settings.injectCaFrom .settings.injectCaFromSecret }}
annotations:
  {{- with .settings.injectCaFrom }}
  cert-manager.io/inject-ca-from: {{ . }}
  {{- end }}
  {{- with .settings.injectCaFromSecret }}
  cert-manager.io/inject-ca-from-secret: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}
