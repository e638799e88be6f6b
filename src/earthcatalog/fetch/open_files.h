// How many files the process may have open.
#pragma once

namespace earthcatalog::fetch {

// Raises the process's soft limit, as far as its hard one allows, so that `more` files can be opened besides
// those that are open. Returns how many can be, at most `more`; not below 0.
int AllowOpenFiles(int more);

}  // namespace earthcatalog::fetch
