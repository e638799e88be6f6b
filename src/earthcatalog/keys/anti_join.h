// Which of some records are not known.
#pragma once

#include "earthcatalog/keys/record.h"

namespace earthcatalog::keys {

// The records of `candidates` whose keys `known` does not have, in one pass over both. Where the next
// candidate lies far ahead, `known` is asked to go there at once, so a file is read only where candidates may
// be. Memory: a block of the candidates beside what the two take.
template <size_t Width>
StreamPtr<Width> AntiJoin(StreamPtr<Width> candidates, StreamPtr<kKeyBytes> known);

}  // namespace earthcatalog::keys
