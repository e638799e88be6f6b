// Whether a table has each item once.
#pragma once

#include <map>
#include <string>

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::catalog {

// In a snapshot's summary: `true` where every item (collection and id) has the rows of one version alone. No
// other snapshot says it, so a commit of anybody who does not know of it ends it, as he should.
inline constexpr char kUniqueNote[] = "earthcatalog.unique";

// What the current snapshot says.
bool IsUnique(const iceberg::Table& table);

// What a commit says that brings no versions, so that the table goes on saying it: to be asked at each
// attempt (CommitRequest::summary_on_top).
std::map<std::string, std::string> KeptUniqueMark(const iceberg::Table& table);

}  // namespace earthcatalog::catalog
