// Everything an administrator can set: the typed result of reading milter.conf, and the table it is made
// from.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "conf/values.h"

namespace fallbackmx {

/// How a parameter is written in milter.conf, and what it is in C++.
namespace kind {
using Text = std::string;
using Mode = int;
using Time = Seconds;
using Flag = bool;
using RestrictionNames = Restrictions;
using Domains = DomainList;
using Networks = NetworkList;
using Code = int;
using Number = int;
using Tempfail = TempfailAction;
using Unverified = UnverifiedAction;
using Undecided = UndecidedAction;
using KnownBad = KnownBadAction;
using Up = UpAction;
using Enforce = Enforcement;
using Words = fallbackmx::Words;
using Phrases = fallbackmx::Words;
using Preference = AddressPreference;
using Tls = TlsLevel;
using TlsVersions = TlsProtocols;
using TlsTables = TlsPolicies;
using PolicyTables = RecipientPolicies;
using TransportTables = TransportMaps;
using EhloTables = EhloKeywordMaps;
using LogTo = LogTarget;
using LogAs = LogFormat;
}  // namespace kind

/// What is decided and asked about the recipients of a domain; a row of recipient_policy_maps may have most
/// of it otherwise. Small: there may be thousands.
struct DomainSettings {
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help)
#define DOMAIN_PARAMETER(type, name, initial, least, most, help) kind::type name{};
#include "conf/parameters.def"
#undef DOMAIN_PARAMETER
#undef PARAMETER
#undef SECTION
};

/// One consistent set of parameters. A value; held by shared_ptr<const Settings>, so that a reload disturbs
/// nobody. `Settings{}` is all C++ zeros: take `default_settings()` for the documented defaults.
struct Settings : DomainSettings {
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help) kind::type name{};
#define DOMAIN_PARAMETER(type, name, initial, least, most, help)
#include "conf/parameters.def"
#undef DOMAIN_PARAMETER
#undef PARAMETER
#undef SECTION
};

/// One row of the table.
struct Parameter {
  std::string_view name, type, initial, section, help;
  long least, most;
};
std::span<const Parameter> parameter_table();
/// nullptr when there is none of that name.
const Parameter* find_parameter(std::string_view name);

/// The documented defaults, $name expanded. (In config.cc: it takes what reading a file takes.)
Settings default_settings();

}  // namespace fallbackmx
