"""The machine itself and its network: what their manuals say they do, as levels."""

from __future__ import annotations

from typing import Final

import pytest

from safety_core.model.level import Level
from tests.simulators.judging import Judging

LOOKS: Final = r"""
ps aux --sort=-%mem
ps -ef
ps -o pid,ppid,cmd -p 1
pgrep -fl python
pstree -p
top -b -n 1
uptime -p
free -h
uname -a
id -un
who -a
w
last -n 5
date +%F
date -u -d '1 day ago' +%s
date -r 1700000000
cal 2026
hostname -f
sysctl -n kernel.ostype
sysctl -a
lsof -i :8080 -P -n
lsof -iTCP -sTCP:LISTEN
lsof +D src
journalctl -u nginx --since '1 hour ago' --no-pager
journalctl -xeu nginx -n 50
journalctl -b -1 -p err
journalctl --disk-usage
dmesg -T --level=err,warn
systemctl status nginx
systemctl list-units --type=service --state=running
systemctl --user is-active foo
systemctl cat nginx
systemctl show -p MainPID nginx
service nginx status
service --status-all
loginctl list-sessions
timedatectl
timedatectl status
hostnamectl
localectl status
ip a
ip -br -c addr show dev eth0
ip -4 route get 1.1.1.1
ip l sh
ip -s link show eth0
ss -tulpn
ss -s
netstat -an
ifconfig
arp -a
ethtool eth0
resolvectl status
route -n
sysctl -n hw.ncpu
ufw status verbose
iptables -L -n -v
nft list ruleset
firewall-cmd --list-all
fail2ban-client status sshd
getenforce
auditctl -l
xclip -o
wl-paste
gsettings get org.gnome.desktop.interface gtk-theme
ip -6 route show table all
ip -d link
ip addr show up
ip -o -4 a
ip -j addr
ip route show default
ip rule list
ip neighbour show
ip maddr show
ip netns
ip netns list
ip tunnel show
ip xfrm state list
ip monitor
ip -V
ip link show type bridge
ip tuntap show
ip ntable show
ip tcp_metrics
ip vrf show
ip nexthop
ip mptcp endpoint show
ip -s -s link
ip help
ip addr help
dmesg -w
dmesg -l err
dmesg -f kern
dmesg --since today
dmesg -x -r
dmesg -J
dmesg -s 1000
journalctl -f -o json
journalctl -p warning..err
journalctl --list-boots
journalctl -t sshd --grep x
journalctl --fields
journalctl -F _SYSTEMD_UNIT
journalctl _PID=1
journalctl --verify
journalctl --header
ifconfig -a
ifconfig -l
sysctl kern
sysctl -n hw.memsize
sysctl -a -b
cal -3
pgrep -l x
systemctl list-timers --all
systemctl is-enabled a
systemctl --version
systemctl list-dependencies a
top -l 1
""".strip().splitlines()

CHANGES: Final = r"""
logger hi
ip foo
systemctl foo
loginctl activate 1
resolvectl foo
date -s 12:00
dmesg -E
dmesg --console-off
journalctl --rotate
ifconfig en0 up
sysctl -w a=b
sysctl a=b
""".strip().splitlines()

EVERYDAY: Final = r"""
xclip -sel clip < a
notify-send hi
gsettings set a b c
logger hi
""".strip().splitlines()

OUTSIDE: Final = r"""
logger -n 1.2.3.4 hi
lp a
systemctl -H h status x
""".strip().splitlines()

GRAVE: Final = r"""
shutdown -h now
systemctl stop nginx
systemctl disable firewalld
systemctl poweroff
service nginx stop
iptables -F
ufw disable
nft flush ruleset
setenforce 0
journalctl --vacuum-time=1s
insmod a.ko
modprobe a
useradd x
passwd x
usermod -aG sudo x
visudo
ip link set eth0 down
ip route add default via 1.1.1.1
ip addr add 1.2.3.4/24 dev eth0
ip netns exec x sh
nmcli con delete x
nmcli -s con show x
hostname x
hostnamectl set-hostname x
timedatectl set-time 12:00
sysctl -w a=1
sysctl kernel.x=1
date -s '2020-01-01'
systemctl --user stop x
xdotool type 'x' && rm -rf src
update-initramfs -u
grub-install /dev/sda
efibootmgr -B
htpasswd -b a b c
smbpasswd -a x
realm join x
kinit x
ldapmodify -f a
iptables -A INPUT -j DROP
ip6tables -P INPUT DROP
ufw allow 22
firewall-cmd --add-port=80/tcp
auditctl -D
restorecon -R /
aa-disable x
semanage port -a x
rmmod x
depmod -a
sysctl -p
hwclock --set --date x
timedatectl set-ntp false
chronyc makestep
loginctl terminate-user x
machinectl shell x
nmcli radio wifi off
nmcli device wifi show-password
ethtool -s eth0 speed 10
route add default gw 1.1.1.1
tc qdisc add dev eth0 root netem loss 50%
brctl addbr x
dhclient eth0
ifdown eth0
resolvectl dns eth0 1.1.1.1
kadmin x
""".strip().splitlines()


@pytest.mark.parametrize("command", LOOKS)
def test_looking_is_green(judging: Judging, command: str) -> None:
    assert judging.level(command) is Level.GREEN


@pytest.mark.parametrize("command", CHANGES)
def test_what_changes_something_is_not_green(judging: Judging, command: str) -> None:
    assert judging.level(command) > Level.GREEN


@pytest.mark.parametrize("command", EVERYDAY)
def test_everyday_work_is_not_asked_about(judging: Judging, command: str) -> None:
    assert judging.level(command) <= Level.YELLOW


@pytest.mark.parametrize("command", OUTSIDE)
def test_what_reaches_outside_is_external(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.YELLOW_EXTERNAL


@pytest.mark.parametrize("command", GRAVE)
def test_what_is_hard_to_undo_is_red(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.RED
