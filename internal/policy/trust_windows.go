package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// owners are the accounts whose files are trusted.
type owners struct{ sids []string }

// system is Administrators, SYSTEM and TrustedInstaller
// (https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/manage/understand-security-identifiers).
var system = owners{[]string{
	"S-1-5-32-544", "S-1-5-18", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
}}

// Path returns where the policy is. The system knows the directory; %ProgramData% is a variable that users can set.
func Path() (string, error) {
	dir, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return "", fmt.Errorf("finding the directory of program data: %w", err)
	}
	return filepath.Join(dir, "spanpipe", "policy.yaml"), nil
}

const (
	deleteChild = 0x40 // FILE_DELETE_CHILD of winnt.h

	// replaces is what lets its holder put something else in the place of a file or directory, or grant that to themselves. In
	// a directory, that is also the right to delete what is in it. Users may create files below program data, and in what
	// inherits from it, but what they create is theirs and fails the check of the owner.
	replaces = windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_ALL | deleteChild
	// changes is what lets its holder change a file.
	changes = replaces | windows.GENERIC_WRITE | windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA |
		windows.FILE_WRITE_ATTRIBUTES | windows.FILE_WRITE_EA
)

// openTrusted opens a regular file that only its owners can change or replace: file and directory belong to them, neither is a link,
// and no access control entry lets others in.
func openTrusted(path string, o owners) (*os.File, error) {
	dir, err := openPlain(filepath.Dir(path), true)
	if err != nil {
		return nil, err
	}
	err = o.check(dir, filepath.Dir(path), replaces)
	_ = windows.CloseHandle(dir) // was only looked at
	if err != nil {
		return nil, err
	}
	file, err := openPlain(path, false)
	if err != nil {
		return nil, err
	}
	if err := o.check(file, path, changes); err != nil {
		_ = windows.CloseHandle(file) // was not read
		return nil, err
	}
	return os.NewFile(uintptr(file), path), nil
}

// openPlain opens a file or a directory that is no link.
func openPlain(path string, directory bool) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.READ_CONTROL,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return 0, err
	}
	var info windows.ByHandleFileInformation
	err = windows.GetFileInformationByHandle(h, &info)
	switch isDirectory := info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0; {
	case err != nil:
	case info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		err = untrusted(path, "is a link")
	case isDirectory != directory:
		err = untrusted(path, "is not a regular file in a directory")
	}
	if err != nil {
		_ = windows.CloseHandle(h) // was not read
		return 0, err
	}
	return h, nil
}

// check reports why others have one of the rights to an open file.
func (o owners) check(h windows.Handle, path string, rights windows.ACCESS_MASK) error {
	descriptor, err := windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("reading the owner of %s: %w", path, err)
	}
	owner, _, err := descriptor.Owner()
	if err != nil || owner == nil || !o.trusts(owner) {
		return untrusted(path, "does not belong to Administrators or SYSTEM")
	}
	list, _, err := descriptor.DACL()
	if errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND) || err == nil && list == nil {
		return untrusted(path, "can be written by everyone")
	} else if err != nil {
		return fmt.Errorf("reading the access control list of %s: %w", path, err)
	}
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return fmt.Errorf("reading the access control list of %s: %w", path, err)
		}
		switch {
		case entry.Header.AceType == windows.ACCESS_DENIED_ACE_TYPE, entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0:
		case entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE:
			return untrusted(path, "has an access control entry of an unknown kind")
		case entry.Mask&rights != 0 && !o.trusts((*windows.SID)(unsafe.Pointer(&entry.SidStart))):
			return untrusted(path, "can be changed by others than Administrators and SYSTEM")
		}
	}
	return nil
}

func (o owners) trusts(sid *windows.SID) bool {
	for _, trusted := range o.sids {
		if sid.String() == trusted {
			return true
		}
	}
	return false
}
