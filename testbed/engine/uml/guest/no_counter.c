/* Loaded into every program of the guest's (ld.so(8), /etc/ld.so.preload). The processor's instructions are the real ones
 * there, and the time stamp counter is this machine's: Mbed TLS stirs it into its random numbers, and Linphone draws tags
 * and branches from those. Here it stands still.
 */
unsigned long mbedtls_timing_hardclock(void)
{
    return 0;
}
