"""Holds the manifests of a folder together: what they name of each other is there, containers have limits, those that serve have probes."""
import pathlib
import sys

import yaml

problems = []
documents = []
folder = pathlib.Path(sys.argv[1])
kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
if sorted(kustomization["resources"]) != sorted(path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml"):
    problems.append("kustomization.yaml does not name the folder's files")
for name in kustomization["resources"]:
    documents += [document for document in yaml.safe_load_all((folder / name).read_text()) if document]
named = {(document["kind"], document["metadata"]["name"]) for document in documents}
workloads = [document for document in documents if document["kind"] in ("Deployment", "DaemonSet")]
if not workloads:
    problems.append("there is no Deployment and no DaemonSet")

for document in documents:
    if document["kind"] != "Namespace" and document["metadata"].get("namespace") != kustomization["namespace"]:
        problems.append(f"{document['kind']} {document['metadata']['name']} is in another namespace")

for workload in workloads:
    what = f"{workload['kind']} {workload['metadata']['name']}"
    template = workload["spec"]["template"]
    if workload["spec"]["selector"]["matchLabels"].items() - template["metadata"]["labels"].items():
        problems.append(f"{what} does not select its own pods")
    pod = template["spec"]
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for volume in volumes.values():
        if "configMap" in volume and ("ConfigMap", volume["configMap"]["name"]) not in named:
            problems.append(f"{what}: there is no ConfigMap {volume['configMap']['name']}")
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and ("PersistentVolumeClaim", claim) not in named:
            problems.append(f"{what}: there is no PersistentVolumeClaim {claim}")
    for container in pod.get("initContainers", []) + pod["containers"]:
        of = f"{what}, {container['name']}"
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                problems.append(f"{of}: there is no volume {mount['name']}")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            problems.append(f"{of}: no limit of memory")
    for container in pod["containers"]:
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            action = container.get(probe, {}).get("tcpSocket") or container.get(probe, {}).get("httpGet")
            if not action or action["port"] not in ports:
                problems.append(f"{what}, {container['name']}: no {probe} of one of its ports")

for service in (document for document in documents if document["kind"] == "Service"):
    selected = [
        workload for workload in workloads
        if service["spec"]["selector"].items() <= workload["spec"]["template"]["metadata"]["labels"].items()]
    ports = {port["name"] for workload in selected for container in workload["spec"]["template"]["spec"]["containers"] for port in container["ports"]}
    for port in service["spec"]["ports"]:
        if port["targetPort"] not in ports:
            problems.append(f"Service {service['metadata']['name']}: no pod that it selects has the port {port['targetPort']}")

for problem in problems:
    print(problem)
sys.exit(bool(problems))
