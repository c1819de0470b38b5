using System.Runtime.InteropServices;

namespace Holdfast.Log.Segments.Files;

/// <summary>Tells the errors of a disk apart.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28;
    private const int QuotaExceededLinux = 122;
    private const int QuotaExceededMac = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    /// <summary>Whether the disk, or the quota, is full.</summary>
    /// <param name="error">An error of a file operation.</param>
    public static bool IsFull(IOException error)
        => error.HResult is NoSpace or WindowsDiskFull || error.HResult == (OperatingSystem.IsMacOS() ? QuotaExceededMac : QuotaExceededLinux);

    /// <summary>Whether another holder has the file locked.</summary>
    /// <param name="error">An error of opening a file.</param>
    public static bool IsLocked(IOException error)
        => error.HResult == WindowsSharingViolation || error.HResult == (OperatingSystem.IsMacOS() ? WouldBlockMac : WouldBlockLinux);

    /// <summary>The error that a full disk gives.</summary>
    /// <param name="message">What was tried.</param>
    public static IOException Full(string message) => new(message, NoSpace);

    /// <summary>The error of the last native call.</summary>
    /// <param name="message">What was tried.</param>
    public static IOException FromLastNativeError(string message)
    {
        var code = Marshal.GetLastPInvokeError();
        return new IOException($"{message}: {Marshal.GetPInvokeErrorMessage(code)}.", code);
    }
}
