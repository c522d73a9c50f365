#pragma once

#include <cstddef>

namespace gantry::program {

// Raises the process's soft limit of open files to its hard limit, and returns how many connections
// may then be open at once, so that the store, its compactions and the controllers always find a
// descriptor: a store that cannot open a file stops taking writes.
size_t RaiseDescriptorLimit();

}  // namespace gantry::program
