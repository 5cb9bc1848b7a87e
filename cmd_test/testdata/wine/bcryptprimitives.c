/* The one function of Windows' bcryptprimitives.dll that Go programs need from their first moment on. Wine before
   version 9 lacks the library; advapi32 has the same under its old name, SystemFunction036. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
    return RtlGenRandom(data, (ULONG)size);
}
