// What libmilter has to say goes where everything goes that the daemon says: into its log.

#include <syslog.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "test/fault/shim/uncounted.h"

extern "C" {

void vsyslog(int, const char* format, va_list values) {
  const fault_shim::Uncounted own;
  dprintf(STDERR_FILENO, "syslog: ");
  vdprintf(STDERR_FILENO, format, values);
  dprintf(STDERR_FILENO, "\n");
}
void syslog(int priority, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}
void __syslog_chk(int priority, int, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsyslog(priority, format, values);
  va_end(values);
}

}  // extern "C"
