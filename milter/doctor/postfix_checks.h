// The mistakes that are made in main.cf and master.cf with a milter. Pure: facts in, ailments out.
#pragma once

#include "conf/grammar/milter_socket.h"
#include "conf/parameters.h"
#include "milter/doctor/ailment.h"
#include "milter/doctor/postfix_facts.h"

namespace fallbackmx {

/// `socket`: where the milter listens, spelled out.
Ailments postfix_ailments(const PostfixFacts&, const MilterSocket& socket, const Settings&);

}  // namespace fallbackmx
