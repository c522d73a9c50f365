#pragma once

namespace gantry {

// Gives memory that was freed back to the machine when there is much of it, as after a start or
// after many objects were deleted: the allocator alone keeps what lies between pieces in use. Takes
// some tens of milliseconds then, in which other threads may wait for memory; else next to nothing.
// Thread-safe.
void ReturnFreeMemory();

// To be called once, before there are threads: blocks of a mebibyte and more go back to the machine
// when they are freed. Otherwise the allocator takes the first large ones that are freed as a sign
// to keep all later ones, and a crowd of large bodies leaves holes that nothing fills.
void ReturnLargeBlocks();

}  // namespace gantry
