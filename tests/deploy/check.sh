#!/usr/bin/env bash
# Checks what is below deploy/ by the tools that its users have. $1 is the folder of the tools, which `make deploy-check` builds.
set -euo pipefail
tools="$1"
cd "$(dirname "$0")/../.."

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
module() { go -C tests/deploy mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'; }

# The two forms of the chart, with all that is off by default.
all=(--set cluster=prod --set slack.channel=C1 --set podMonitor.enabled=true --set serviceMonitor.enabled=true
    --set prometheusRule.enabled=true --set dashboard.enabled=true)
up=("${all[@]}" --set objectives=text --set 'rbac.readLogsIn={*}')
roles=("${all[@]}" --set mode=roles --set kafka.brokers=kafka:9092 --set kafka.existingSecret=kafka --set watchNamespace=ml)

echo "== chart: Helm 3 and 4, helm-unittest"
# Of a Kubernetes that is given, since Helm 3 assumes an older one.
for helm in helm3 helm4; do
    for version in 1.21.0 1.36.0; do
        "$tools/$helm" lint --strict --quiet --kube-version $version deploy/chart "${up[@]}"
        "$tools/$helm" lint --strict --quiet --kube-version $version deploy/chart "${roles[@]}"
    done
    render() { "$tools/$helm" template kigen deploy/chart --kube-version 1.36.0 --set cluster=prod "$@"; }
    render --namespace kigen "${up[@]}" >"$scratch/up-$helm.yaml"
    render --namespace kigen "${roles[@]}" >"$scratch/roles-$helm.yaml"
    # The manifests, by the values that mean the same.
    slack=(--set slack.channel=C0123456789)
    render --namespace kigen "${slack[@]}" >"$scratch/same-$helm.yaml"
    /usr/bin/python3 tests/deploy/same_objects.py "$scratch/same-$helm.yaml" deploy/up.yaml deploy/objectives.crd.yaml
    render --namespace ml "${slack[@]}" --set watchNamespace=ml >"$scratch/same-$helm.yaml"
    /usr/bin/python3 tests/deploy/same_objects.py "$scratch/same-$helm.yaml" deploy/namespaced.yaml deploy/objectives.crd.yaml
    render --namespace kigen "${slack[@]}" --set mode=roles --set kafka.brokers=kafka:9092 \
        --set podDisruptionBudget.enabled=false >"$scratch/same-$helm.yaml"
    /usr/bin/python3 tests/deploy/same_objects.py "$scratch/same-$helm.yaml" deploy/kafka.yaml deploy/objectives.crd.yaml
done
for form in up roles; do
    diff --ignore-space-change --ignore-blank-lines "$scratch/$form-helm3.yaml" "$scratch/$form-helm4.yaml"
done
"$tools/helm-unittest" --strict deploy/chart

echo "== alert rules: promtool; board: the types of Grafana, the parser of Prometheus"
"$tools/promtool" check rules --lint-fatal deploy/chart/files/rules.yaml
"$tools/promtool" test rules tests/deploy/rules_test.yaml
go -C tests/deploy test ./board

echo "== policies: gator verify, opa test, and the code of the API server"
"$tools/gator" verify deploy/policies/gatekeeper
"$tools/opa" test deploy/policies/gatekeeper/rego
if [ -n "$("$tools/opa" fmt --list deploy/policies/gatekeeper/rego)" ]; then
    echo "opa fmt --write deploy/policies/gatekeeper/rego" >&2
    exit 1
fi
go -C tests/deploy test ./admission

echo "== schemas: kubeconform, over the chart, the manifests, the policies, the examples and kustomize"
openapi="$(module k8s.io/client-go)/openapi/openapitest/testdata"
operator="$(module github.com/prometheus-operator/prometheus-operator)/example/prometheus-operator-crd"
gatekeeper="$(module github.com/open-policy-agent/gatekeeper/v3)/config/crd/bases"
kyverno="$(module github.com/kyverno/kyverno@v1.19.1)"
/usr/bin/python3 tests/deploy/schemas.py "$scratch/schemas" "$(module k8s.io/cli-runtime)/artifacts/openapi/swagger.json" \
    "$openapi"/{api__v1,apis__apps__v1,apis__batch__v1}_openapi.json \
    "$operator"/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml \
    "$gatekeeper"/{syncset.gatekeeper.sh_syncsets,constrainttemplate-customresourcedefinition}.yaml \
    "$kyverno"/config/crds/policies.kyverno.io/policies.kyverno.io_validatingpolicies.yaml deploy/objectives.crd.yaml
conform() {
    "$tools/kubeconform" -strict -summary -schema-location "$scratch/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$@"
}
"$tools/kustomize" build examples/kustomize >"$scratch/kustomize.yaml"
conform "$scratch"/*.yaml deploy/{up,kafka,namespaced,objectives.crd}.yaml examples/*.yaml \
    deploy/policies/{kyverno.yaml,samples,gatekeeper/templates,gatekeeper/constraints/sync.yaml}
# A schema that admits everything would prove nothing.
sed 's/serviceName:/serviseName:/' deploy/up.yaml >"$scratch/misspelt.yaml"
if conform "$scratch/misspelt.yaml" >/dev/null; then
    echo "kubeconform accepts a field that does not exist" >&2
    exit 1
fi

echo "== chart and manifests: the same objects and settings; a Prometheus that scrapes kigen"
KIGEN_DEPLOY_TOOLS="$tools" cargo test --quiet --locked --test kigen -- --ignored chart:: prometheus::

echo "== an Alertmanager that kigen sends its alerts to"
KIGEN_DEPLOY_TOOLS="$tools" cargo test --quiet --locked --workspace --test notifier -- --ignored alertmanager::
