// What is remembered about an address, and for how long it counts (Postfix's verify(8) rules).
#pragma once

#include <optional>
#include <string>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/mail/verdict.h"

namespace fallbackmx {

/// A value; only final verdicts are remembered.
struct AddressRecord {
  Verdict verdict = Verdict::deliverable;  ///< deliverable or undeliverable
  int code = 0;                            ///< of the primary's reply
  std::string dsn;                         ///< its enhanced code, may be empty
  std::string words;                       ///< its text, printable, at most 500 bytes
  WallTime asked{};                        ///< when the verdict was given
  WallTime last_yes{};                     ///< epoch: never
  /// A no that no primary has said to us, but another fallback MX or a file. It counts when the primary
  /// cannot be asked, and is never an answer: who says that they proved it may lie, or be talked to when we
  /// are not.
  bool hearsay = false;
  friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

/// The record as it may be kept and believed: whole seconds, text printable and within bounds. Nothing when
/// its verdict is not final or its numbers cannot be: a yes has the code 2xx or none, a no 5xx, so that a
/// wrong byte does not make the one of the other. Used on the way into a store and on the way out, where
/// any byte may be wrong.
std::optional<AddressRecord> sound(AddressRecord);

/// Whether what we are told is to take the place of what we know about the same address: when it is newer.
/// But a no that is hearsay takes neither a yes from us nor a no that was proven to us.
bool outdates(const AddressRecord& told, const AddressRecord& known);

/// How a record counts at a moment. A time in the future (the clock was set back) counts as just now.
struct Standing {
  Remembered remembered = Remembered::nothing;  ///< nothing once expired
  bool serve = false;    ///< may be answered from memory (a no only with address_verify_negative_cache)
  bool refresh = false;  ///< is due to be asked again
};
Standing standing(const AddressRecord&, WallTime now, const Settings&);

}  // namespace fallbackmx
