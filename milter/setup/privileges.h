// Becoming the user we run as, and asking what another user may do.
#pragma once

#include <optional>
#include <string>

#include "probe/base/result.h"

namespace fallbackmx {

/// Becomes `user` with his groups, or with `group` as the first of them if it is not empty. An error when
/// that is not possible; nothing to do when we are that user already.
std::optional<Error> become(const std::string& user, const std::string& group);

/// Why `user` cannot connect to the unix-domain socket at `path`, naming the directory or the socket that
/// keeps him out. Nothing if he can, or if there is no such user. Looks at owners and modes; ACLs and
/// security modules have their own mind.
std::optional<std::string> why_unreachable(const std::string& path, const std::string& user);

/// The same for making and writing the file at `path`.
std::optional<std::string> why_not_writable(const std::string& path, const std::string& user);

}  // namespace fallbackmx
