// What a scripted primary is like at a moment.
#pragma once

#include <string_view>

namespace fallbackmx::soak {

enum class Mood {
#define MOOD(name, what) name,
#include "test/soak/moods.def"
#undef MOOD
  count
};

constexpr std::string_view mood_names[] = {
#define MOOD(name, what) #name,
#include "test/soak/moods.def"
#undef MOOD
};

constexpr std::string_view to_string(Mood mood) { return mood_names[static_cast<int>(mood)]; }

}  // namespace fallbackmx::soak
