"""Programs of macOS: what their manuals say they do, as levels."""

from __future__ import annotations

from typing import Final

import pytest

from safety_core.model.level import Level
from tests.simulators.judging import Judging

LOOKS: Final = r"""
sw_vers -productVersion
system_profiler SPHardwareDataType -json
defaults read com.apple.dock
defaults read-type com.apple.dock tilesize
defaults domains
defaults find dock
plutil -p a.plist
plutil -lint a.plist
plutil -convert xml1 -o - a.plist
dscl . -list /Users
dscl . -read /Users/x UserShell
dscl . list /Groups
dscacheutil -q user
diskutil list
diskutil info disk0
hdiutil info
hdiutil imageinfo a.dmg
networksetup -listallhardwareports
networksetup -getinfo Wi-Fi
scutil --dns
scutil --nwi
scutil -r example.com
launchctl list
launchctl print system
launchctl print gui/501
pmset -g
pmset -g batt
mdfind -onlyin src foo
mdls a.txt
security find-identity -v -p codesigning
security list-keychains
security find-certificate -a -c x
codesign -dv --verbose=4 /Applications/A.app
codesign --verify --deep --strict A.app
spctl --assess -vv A.app
spctl --status
csrutil status
fdesetup status
profiles status -type enrollment
profiles list
tmutil status
tmutil listbackups
tmutil latestbackup
xattr -l a
xattr -p com.apple.quarantine a
lipo -info a.out
lipo -archs a.out
sips -g pixelWidth a.png
say hello
ioreg -l
vm_stat
kextstat
log show --last 1h --predicate 'process == "a"'
textutil -info a.doc
pkgutil --pkg-info com.example.a
nvram -p
systemsetup -gettimezone
mdutil -s /
pbpaste
GetFileInfo a
security find-certificate -c x -p
security find-identity -p basic -v
security find-generic-password -s x -a y
security find-internet-password -s h
security show-keychain-info login.keychain
security list-keychains -d user
security default-keychain
security verify-cert -c a.pem -p ssl
security dump-trust-settings -d
security error -25300
security help
networksetup -listnetworkserviceorder
networksetup -getmacaddress en0
networksetup -getsearchdomains Wi-Fi
networksetup -getwebproxy Wi-Fi
networksetup -getsecurewebproxy Wi-Fi
networksetup -getsocksfirewallproxy Wi-Fi
networksetup -getproxybypassdomains Wi-Fi
networksetup -getairportpower en0
networksetup -listlocations
networksetup -getMTU en0
networksetup -getmedia en0
networksetup -listvalidMTUrange en0
networksetup -listVLANs
networksetup -getcomputername
networksetup -version
networksetup -showBondStatus bond0
networksetup -listpreferredwirelessnetworks en0
launchctl list com.example.a
launchctl print user/501
launchctl print-disabled system
launchctl print-cache
launchctl blame system/x
launchctl error 2
launchctl hostinfo
launchctl limit
launchctl managerpid
launchctl procinfo 1
launchctl resolveport 1
launchctl version
launchctl variant
launchctl help
tmutil listbackups -d /Volumes/x
tmutil destinationinfo -X
tmutil isexcluded a
tmutil compare
tmutil uniquesize a
tmutil machinedirectory
tmutil currentphase
tmutil version
tmutil verifychecksums a
tmutil listlocalsnapshots /
codesign -d -r- A.app
codesign -dvvv A.app
codesign --display --xml --entitlements - A.app
codesign -v -R='anchor apple' A.app
codesign --verify --verbose=2 A.app
codesign --validate-constraint a
codesign -h
pkgutil --files com.x
pkgutil --file-info a
pkgutil --lsbom com.x
pkgutil --volumes
pkgutil --groups
pkgutil --check-signature a.pkg
pkgutil --payload-files a.pkg
pkgutil --export-plist com.x
pkgutil --pkgs=com.x
pkgutil --bom a.pkg
diskutil list -plist external
diskutil info -all
diskutil activity
diskutil listFilesystems
diskutil appleRAID list
diskutil cs list
diskutil apfs listUsers disk1
diskutil apfs listSnapshots disk1
hdiutil verify a.dmg
hdiutil checksum a.dmg -type MD5
hdiutil isencrypted a.dmg
hdiutil pmap a.dmg
hdiutil plugins
hdiutil fsid
hdiutil info -plist
profiles list -all
profiles show -type configuration
profiles status
profiles version
profiles -P
profiles -L
profiles validate -path a
sips -g all a.png
sips --getProperty pixelHeight a.png
sips -1 -g format a.png
sips --formats
sips -h
xattr a
xattr -lr a
xattr -px com.x a
xattr -h
binhex probe a.hqx
applesingle probe a
macbinary probe a
dscl . -search /Users UniqueID 501
dscl /Local/Default -list /Users
dscl . -list /Users UniqueID
dscl -q . -read /Users/a
dscl localhost -list /
sample 123
sample Safari 5 10
sample 123 1 -mayDie
compression_tool -encode
lipo -detailed_info a
lipo a -verify_arch arm64
defaults read
defaults read -g AppleLocale
defaults -currentHost read
defaults find x
defaults help
defaults export com.x -
mdimport -t a
mdimport -L
mdimport -X
mdimport -A
open -R a
say -v '?'
say -f a.txt
say -r 200 hi
say --progress hi
spctl -a -v a
spctl --assess --type install a.pkg
spctl --list
spctl --status -v
symbols -arch arm64 a
symbols -uuid X a
textutil -info a.rtf
textutil -cat txt -stdout a.rtf
textutil -convert txt -stdout a.rtf
plutil -convert json -o - a.plist
plutil -lint -s a.plist
plutil -help
plutil -extract a raw -o - b.plist
plutil -type a b.plist
scutil --proxy
scutil --get LocalHostName
scutil -r 1.1.1.1
scutil -w State:/x -t 1
scutil --nc list
iconutil --help
mdls -name kMDItemKind a
log stream --level info
log stats
lsappinfo list
bioutil -r
sw_vers
vm_stat 1
nettop -l 1
fs_usage
ioreg -p IOUSB
systemsetup -listtimezones
pmset -g log
pmset -g assertions
nvram -xp
csrutil authenticated-root status
mdutil -sa
automator -h
shortcuts list
screencapture -h
afinfo a.mp3
lsbom a.bom
""".strip().splitlines()

CHANGES: Final = r"""
osascript -e 'display notification "x"'
open a
defaults write com.a b -bool true
plutil -replace a -string b c.plist
hdiutil attach a.dmg
hdiutil create a.dmg
diskutil mount disk2
mdimport a
screencapture a.png
pbcopy
osascript a.scpt
sips -z 10 10 a.png
textutil -convert html a.doc
say -o a.aiff x
xattr -d com.apple.quarantine a
xattr -w a b c
codesign -s x a
sample 1 -file out
security lock-keychain
security create-keychain x
security login-keychain -s x
networksetup -setdhcp Wi-Fi
networksetup -switchtolocation x
networksetup -createlocation x
networksetup -foo
launchctl start x
launchctl setenv A b
launchctl kickstart x
launchctl submit -l x -- ls
launchctl config user path /
tmutil startbackup
tmutil restore a b
tmutil setdestination a
codesign -f -s - a
codesign --remove-signature a
pkgutil --expand a b
pkgutil --forget x
diskutil eject disk2
diskutil rename disk2 x
diskutil repairDisk disk2
hdiutil detach disk2
hdiutil convert a -format UDZO -o b
hdiutil resize -size 1g a
profiles renew -type enrollment
profiles -I -F a
sips -s format png a --out b
sips --rotate 90 a
sips -d profile a
xattr -c a
xattr -rd com.apple.quarantine a
binhex encode a
sample 1 -file a
compression_tool -encode -i a -o b
lipo -create a b -output c
lipo a -thin arm64 -output b
defaults write x y z
defaults delete x
defaults import x a
mdimport -r a
open -a Calculator
open https://example.com
say -o a hi
say --output-file=a hi
spctl --add a
spctl --enable --label x
textutil -convert html a
textutil -convert html a -output b
plutil -convert xml1 a
plutil -insert a -string b c
scutil --set LocalHostName x
log config --mode level:debug
log collect
shortcuts run x
automator a
pmset sleep 5
systemsetup -setcomputersleep 1
mdutil -E /
mdutil -i off /
osacompile -o a b
qlmanage -r
duti -s a b all
desktoppr a.png
fdesetup enable
csrutil enable
""".strip().splitlines()

EVERYDAY: Final = r"""
open a.html
open -a Safari
defaults write com.x.y a -int 1
hdiutil attach a.dmg
diskutil unmount /Volumes/x
plutil -replace a -string b c.plist
say hi
pbcopy < a
screencapture a.png
xattr -w a b c
sips -Z 100 a.png
codesign -s - a
mdutil -s /
""".strip().splitlines()

OUTSIDE: Final = r"""
notarytool submit a.zip
""".strip().splitlines()

GRAVE: Final = r"""
osascript -e 'do shell script "rm -rf ~/x"'
launchctl bootout system/x
launchctl load a.plist
spctl --master-disable
spctl --global-disable
tmutil disable
tmutil delete x
fdesetup disable
pfctl -d
nvram boot-args=x
log erase --all
kextload a.kext
dscl . -create /Users/x
dscl . -passwd /Users/x y
dscl . -delete /Users/x
sysadminctl -addUser x
dseditgroup -o edit -a x -t user admin
security dump-keychain -d
security find-generic-password -w -s x
security add-trusted-cert a.pem
security delete-keychain x
networksetup -setdnsservers Wi-Fi 1.1.1.1
scutil --set HostName x
diskutil eraseDisk JHFS+ x disk2
diskutil apfs deleteVolume disk1s1
asr restore --source a --target b --erase
pmset sleepnow
osascript -e 'tell application "Terminal" to do script "rm -rf ~/x"'
osascript -e 'display dialog "Password:" default answer "" with hidden answer'
launchctl asuser 501 rm -rf src
dscl . -append /Groups/admin GroupMembership x
networksetup -setwebproxy Wi-Fi h 80
networksetup -setairportpower en0 off
systemsetup -setremotelogin on
defaults write com.apple.screensaver askForPassword 0 && killall x
pmset -a sleep 0
kmutil load -p x
bless --mount /
profiles install -path a
profiles remove -all
tccutil reset All
security unlock-keychain -p x
security authorizationdb write x allow
security export -k x
security import a.p12
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
