//! Memory that is not needed goes back to the system. Only glibc has to be told; elsewhere these do nothing.

/// Opening a store takes and frees buffers of 8 MB (sled's segments). Left alone, glibc raises its threshold at the first
/// one it frees and from then on keeps such buffers: 27 MB resident after a restart instead of 14. And it gives each of some
/// twenty mostly idle threads an arena of its own, which cost another 5 MB with 10,000 items. To be called before there are threads.
pub fn keep_small() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// From this size on, memory is mapped on its own and given back when it is freed, in bytes.
        const MAPPED_FROM: libc::c_int = 256 * 1024;
        const ARENAS_MAX: libc::c_int = 2;
        #[expect(unsafe_code, reason = "mallopt has no safe face")]
        // SAFETY: mallopt only sets parameters of the allocator.
        unsafe {
            // It can only fail for values out of range; then everything is as without it.
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
            libc::mallopt(libc::M_TRIM_THRESHOLD, MAPPED_FROM);
            libc::mallopt(libc::M_ARENA_MAX, ARENAS_MAX);
        }
    }
}

/// Gives back what reading the whole log left behind (2 MB with 60,000 events), or drawing a picture. Takes some milliseconds.
pub(crate) fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "malloc_trim has no safe face")]
    // SAFETY: malloc_trim takes the allocator's own locks and touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}
