// The generated part of fallbackmx-milter.conf(5); declared in dump.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conf/dump.h"

namespace fallbackmx {

namespace {

/// Where a parameter bears a Postfix name but not its default, and why. Postfix's values are those of 3.7.
struct Difference {
  std::string_view name, postfix, why;
};

constexpr std::string_view quick = "A client is waiting for the answer.";

constexpr std::array differences = {
    Difference{"smtpd_sender_restrictions", "empty", "So that the daemon is of use without configuration."},
    Difference{"smtpd_recipient_restrictions", "empty", "Likewise."},
    Difference{"smtpd_relay_restrictions",
               "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
               "The MTA has made that test before it asks us."},
    Difference{"relay_domains", "$mydestination, or empty", "Empty means here: what the MTA itself relays."},
    Difference{"unknown_address_reject_code", "450", "Who cannot receive a reply has no second try to win."},
    Difference{"unverified_recipient_reject_code", "450",
               "A no counts only from a server that has said yes, so that it is final."},
    Difference{
        "unverified_recipient_tempfail_action", "defer_if_permit",
        "Taking mail while the primary is down is what a fallback MX is for. Postfix refuses this value."},
    Difference{
        "address_verify_negative_cache", "yes",
        "A new user at the primary is known here at once. What was refused is still remembered for outages."},
    Difference{"address_verify_map", "btree:$data_directory/verify_cache",
               "The daemon keeps its own memory."},
    Difference{"address_verify_sender", "$double_bounce_sender",
               "Primaries must take mail from the null sender."},
    Difference{"smtp_connect_timeout", "30s", quick},
    Difference{"smtp_helo_timeout", "300s", quick},
    Difference{"smtp_starttls_timeout", "300s", quick},
    Difference{"smtp_mail_timeout", "300s", quick},
    Difference{"smtp_rcpt_timeout", "300s", quick},
    Difference{"smtp_rset_timeout", "20s", quick},
    Difference{"smtp_quit_timeout", "300s", quick},
    Difference{"smtp_tls_security_level", "empty", "Recipient addresses need not be read on the wire."},
    Difference{"syslog_name", "postfix", "It is another program."},
};

/// Text that roff does not take for its own.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

/// As one argument of a macro, whatever is in it.
std::string argument(std::string_view text) { return "\"" + roff(text) + "\""; }

/// New sentence, new line: that is how mdoc is written.
std::string sentences(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto end = text.find(". ");
    end = end == std::string_view::npos ? text.size() : end + 1;
    out += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string parameter_item(const Parameter& parameter) {
  auto out = fmt::format(".It Ic {} No = ", parameter.name);
  out += parameter.initial.empty() ? "Pq empty\n" : fmt::format("Cm {}\n", argument(parameter.initial));
  return out + sentences(parameter.help) + sentences(describe_kind(parameter));
}

std::string parameters() {
  std::string out = ".Sh PARAMETERS\n", end;
  std::string_view section;
  for (const auto& parameter : parameter_table()) {
    if (parameter.section != section) {
      section = parameter.section;
      out += fmt::format("{}.Ss {}\n.Bl -tag -width Ds\n", end, section);
      end = ".El\n";
    }
    out += parameter_item(parameter);
  }
  return out + end;
}

std::string restrictions() {
  std::string out = ".Sh RESTRICTIONS\n";
  out += ".Bl -tag -width Ds\n";
  for (const auto& [name, argument, help] : restriction_table()) {
    const auto follows = argument == RestrictionArgument::table ? " Ar type:table" : "";
    out += fmt::format(".It Ic {}{}\n{}", name, follows, sentences(help));
  }
  return out + ".El\n";
}

std::string differences_from_postfix() {
  std::string out = ".Sh DIFFERENCES FROM POSTFIX\n";
  out +=
      "A parameter that bears a Postfix name means what it means in Postfix.\n"
      "These have another default, shown with that of Postfix 3.7:\n"
      ".Bl -tag -width Ds\n";
  for (const auto& [name, postfix, why] : differences) {
    const auto& ours = find_parameter(name)->initial;
    out += fmt::format(".It Ic {}\n{} here, {} in Postfix.\n{}", name, ours.empty() ? "Empty" : roff(ours),
                       roff(postfix), sentences(why));
  }
  return out + ".El\n";
}

}  // namespace

std::string manual_section() { return parameters() + restrictions() + differences_from_postfix(); }

}  // namespace fallbackmx
