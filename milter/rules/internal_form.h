// Addresses as Postfix keeps, shows and looks them up.
#pragma once

#include <string>
#include <string_view>

namespace fallbackmx {

/// Without the quotes and backslashes of SMTP (unquote_822_local.c): `first last@example.org` for
/// `"first last"@example.org`. The text must not be written into SMTP commands.
std::string internal_form(std::string_view address);

}  // namespace fallbackmx
