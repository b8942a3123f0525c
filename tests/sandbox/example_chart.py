"""A small chart for tests: one object of every sort that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TEMPLATE = """
apiVersion: v1
kind: Namespace
metadata: {{name: {name}-own}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, annotations: {{helm.sh/resource-policy: keep}}}}
data: {{greeting: {{{{ .Values.greeting | quote }}}}, kube: {{{{ .Capabilities.KubeVersion.Version }}}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData: {{token: {{{{ .Values.token | quote }}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [get]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {name}-own}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}
---
apiVersion: {name}.example.com/v1
kind: Widget
metadata: {{name: {name}}}
spec: {{size: 3, ratio: 12:30}}
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}-hook, annotations: {{helm.sh/hook: test}}}}
spec: {{containers: [{{name: c, image: i}}]}}
"""
_DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{name}.example.com}}
spec:
  group: {name}.example.com
  names: {{kind: Widget, plural: widgets}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""
_RELEASE_TEMPLATE = """
{{{{- if not .Values.greeting }}}}{{{{ fail "greeting must be set" }}}}{{{{ end }}}}
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{greeting: {{{{ .Values.greeting | quote }}}}}}
"""


def write(folder: Path, name: str) -> str:
    """Write the chart, version 1.2.3, and give its path."""
    return _write(folder, name, _TEMPLATE, _DEFINITION)


def write_small(folder: Path, name: str) -> str:
    """Write a chart of one ConfigMap, which fails without a greeting, and give its path."""
    return _write(folder, name, _RELEASE_TEMPLATE, "")


def _write(folder: Path, name: str, template: str, definition: str) -> str:
    chart = folder / name
    for part in ("templates", "crds"):
        (chart / part).mkdir(parents=True)
    (chart / "Chart.yaml").write_text(f'{{apiVersion: v2, name: {name}, version: 1.2.3, appVersion: "9"}}')
    (chart / "values.yaml").write_text("{greeting: hello, token: none}")
    (chart / "templates" / "all.yaml").write_text(template.format(name=name))
    if definition:
        (chart / "crds" / "definition.yaml").write_text(definition.format(name=name))
    return str(chart)
