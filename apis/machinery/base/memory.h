#pragma once

namespace gantry {

// Gives memory that was freed back to the machine when there is much of it, as after a start or
// after many objects were deleted: the allocator alone keeps what lies between pieces in use. Takes
// some tens of milliseconds then, in which other threads may wait for memory; else next to nothing.
// Thread-safe.
void ReturnFreeMemory();

}  // namespace gantry
