#!/usr/bin/env python3
"""Compares what the chart renders with plain manifests: the same objects by kind, namespace and name, equal but for the labels of
the release, and the same settings of kigen, whether a ConfigMap or the environment has them.

Usage: same_objects.py RENDERED.yaml MANIFEST.yaml...
"""

import difflib
import pathlib
import sys
import tomllib

import yaml

# The variables of the environment that the manifests use, by their place in kigen.toml.
SETTINGS = {
    "KIGEN_CLUSTER": ("cluster",),
    "KIGEN_DATA_DIR": ("data_dir",),
    "KIGEN_NAMESPACE": ("kubernetes", "namespace"),
    "KIGEN_HEALTH_ADDRESS": ("health", "address"),
    "KIGEN_SLACK_CHANNEL": ("slack", "channel"),
    "KIGEN_SLACK_TOKEN_FILE": ("slack", "token_file"),
}
CONFIG = "/etc/kigen/kigen.toml"
# What selects a role's pods in the chart, and in the manifests.
SELECTS = {"app.kubernetes.io/instance": "app", "app.kubernetes.io/component": "role"}


def documents(path):
    return [document for document in yaml.safe_load_all(pathlib.Path(path).read_text()) if document]


def settings(pod, namespace, config):
    """The settings of a pod's container, as its environment and the file that it mounts have them."""
    found = {}
    for variable in pod["containers"][0]["env"]:
        name, value = variable["name"], variable.get("value")
        if variable.get("valueFrom") == {"fieldRef": {"fieldPath": "metadata.namespace"}}:
            value = namespace
        if name == "KIGEN_CONFIG":
            assert value == CONFIG, value
            mount = next(mount for mount in pod["containers"][0]["volumeMounts"] if CONFIG.startswith(mount["mountPath"] + "/"))
            volume = next(volume for volume in pod["volumes"] if volume["name"] == mount["name"])
            for key, of_file in flat(tomllib.loads(config[volume["configMap"]["name"]]["kigen.toml"])):
                found.setdefault(key, of_file)
        else:
            found[SETTINGS[name]] = value
    return found


def flat(table, path=()):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, (*path, key))
        else:
            yield (*path, key), value


def labels_of(labels):
    """Labels by the manifests' names; those that nothing selects are left out."""
    renamed = {SELECTS.get(key, key): value for key, value in labels.items()}
    if renamed.get("role") == "up":
        del renamed["role"]
    return {key: value for key, value in renamed.items() if not key.startswith(("app.kubernetes.io/", "helm.sh/"))}


def plain(node, key=None):
    """A part of an object in the form that is compared."""
    if isinstance(node, list):
        if key in ("volumes", "volumeMounts"):
            node = sorted((item for item in node if item["name"] != "config"), key=lambda item: item["name"])
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if key in ("labels", "matchLabels", "selector") and "matchLabels" not in node:
        return labels_of(node)
    kept = {name: plain(value, name) for name, value in node.items() if name not in ("annotations", "env")}
    return {name: value for name, value in kept.items() if value != [] or name != "volumes"}


def compared(found):
    objects, of_kigen = {}, {}
    config = {document["metadata"]["name"]: document["data"] for document in found if document["kind"] == "ConfigMap"}
    for document in found:
        kind, metadata = document["kind"], document["metadata"]
        name = f"{kind} {metadata.get('namespace', '')}/{metadata['name']}"
        if kind == "ConfigMap":
            continue
        if kind == "StatefulSet":
            template = document["spec"]["template"]
            of_kigen[name] = settings(template["spec"], metadata["namespace"], config)
            selected = document["spec"]["selector"]["matchLabels"].items()
            assert selected <= template["metadata"]["labels"].items(), f"{name} does not select its own pods"
        # Of an object's own labels those count by which Kubernetes adds it to another role.
        labels = metadata.pop("labels", {})
        objects[name] = plain(document)
        objects[name]["adds to"] = [label for label in sorted(labels) if label.startswith("rbac.authorization.k8s.io/")]
    return objects, of_kigen


def main():
    rendered, *manifests = sys.argv[1:]
    found, of_chart = compared(documents(rendered))
    expected, of_manifest = compared([document for path in manifests for document in documents(path)])
    faults = [f"{name} is rendered, and no manifest has it" for name in found.keys() - expected.keys()]
    faults += [f"{name} is in a manifest, and is not rendered" for name in expected.keys() - found.keys()]
    for name in expected.keys() & found.keys():
        if found[name] != expected[name]:
            texts = [yaml.safe_dump(of[name]).splitlines() for of in (expected, found)]
            faults.append("\n".join([f"{name} differs:", *difflib.unified_diff(*texts, "manifest", "chart", lineterm="")]))
    for name in of_manifest.keys() & of_chart.keys():
        for key in of_manifest[name].keys() | of_chart[name].keys():
            one, other = of_chart[name].get(key), of_manifest[name].get(key)
            if one != other:
                faults.append(f"{name}: the setting {'.'.join(key)} is {one!r} instead of {other!r}")
    if faults:
        sys.exit("\n".join(sorted(faults)))
    print(f"{len(expected)} objects are those of {' and '.join(manifests)}")


main()
