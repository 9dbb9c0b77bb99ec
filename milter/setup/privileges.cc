#include "milter/setup/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace fallbackmx {

namespace {

struct Identity {
  uid_t user = 0;
  std::vector<gid_t> groups;
};

std::optional<Identity> identity_of(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  Identity who{entry->pw_uid, {}};
  int count = 64;
  who.groups.resize(static_cast<std::size_t>(count));
  while (getgrouplist(name.c_str(), entry->pw_gid, who.groups.data(), &count) < 0) {
    who.groups.resize(static_cast<std::size_t>(count));
  }
  who.groups.resize(static_cast<std::size_t>(count));
  return who;
}

/// In a user namespace (systemd's PrivateUsers) all groups that it does not know look like this one.
constexpr gid_t group_unknown_here = 65534;

/// `wanted` in the bits for others: 1 to pass a directory, 2 to connect to a socket, 3 to make files in a
/// directory, 6 to read and write a file.
bool allows(const struct stat& file, const Identity& who, unsigned wanted) {
  if (who.user == 0) return true;
  if (file.st_uid == who.user) return ((file.st_mode >> 6) & wanted) == wanted;
  if (file.st_gid == group_unknown_here ||
      std::find(who.groups.begin(), who.groups.end(), file.st_gid) != who.groups.end()) {
    return ((file.st_mode >> 3) & wanted) == wanted;
  }
  return (file.st_mode & wanted) == wanted;
}

Error cannot(const std::string& what) { return {"-u: cannot " + what + ": " + std::strerror(errno)}; }

}  // namespace

std::optional<Error> become(const std::string& user, const std::string& group) {
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) return Error{"-u: there is no user " + user};
  const uid_t uid = entry->pw_uid;
  gid_t gid = entry->pw_gid;
  if (!group.empty()) {
    const struct group* found = getgrnam(group.c_str());
    if (found == nullptr) return Error{"-u: there is no group " + group};
    gid = found->gr_gid;
  }
  if (geteuid() == uid && getegid() == gid) return std::nullopt;
  if (initgroups(user.c_str(), gid) != 0) return cannot("take the groups of " + user);
  if (setgid(gid) != 0) return cannot("take the group of " + user);
  if (setuid(uid) != 0) return cannot("become " + user);
  return std::nullopt;
}

namespace {

/// Why he cannot come to the directory of the file, if he cannot.
std::optional<std::string> shut_out(const std::string& path, const Identity& who, const std::string& user) {
  struct stat directory {};
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string name = path.substr(0, slash);
    if (stat(name.c_str(), &directory) != 0 || !allows(directory, who, 1))
      return std::string("user ").append(user).append(" may not enter ").append(name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_unreachable(const std::string& path, const std::string& user) {
  const auto who = identity_of(user);
  if (!who) return std::nullopt;
  if (auto why = shut_out(path, *who, user)) return why;
  struct stat file {};
  if (stat(path.c_str(), &file) == 0 && allows(file, *who, 2)) return std::nullopt;
  return "user " + user + " may not connect to " + path;
}

std::optional<std::string> why_not_writable(const std::string& path, const std::string& user) {
  const auto who = identity_of(user);
  if (!who) return std::nullopt;
  struct stat file {};
  const std::string directory = path.substr(0, path.rfind('/'));
  if (stat(directory.c_str(), &file) != 0 && errno == ENOENT) return "there is no directory " + directory;
  if (auto why = shut_out(path, *who, user)) return why;
  if (stat(directory.c_str(), &file) != 0 || !allows(file, *who, 3))
    return "user " + user + " may not make files in " + directory;
  if (stat(path.c_str(), &file) == 0 && !allows(file, *who, 6))
    return "user " + user + " may not write " + path;
  return std::nullopt;
}

}  // namespace fallbackmx
