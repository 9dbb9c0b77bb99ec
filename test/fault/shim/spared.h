// Whose allocations do not fail.
#pragma once

namespace fault_shim {

/// Who ends the process when there is no memory, and there is nothing that the program could do: ldns uses
/// what it has got before it looks whether it has got it; getdelim(3) does not mark its stream as failed
/// until glibc 2.37 (its bug 29917), and glibc's reader of nsswitch.conf takes that for impossible (an
/// assertion).
bool is_spared(const void* caller);

}  // namespace fault_shim
