using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FederationNode.Network.Tests.Emulation;

/// <summary>The system calls that .NET has no API for. Numbers are those of Linux on x64 and arm64.</summary>
internal static partial class Linux
{
    public const int NewNetwork = 0x4000_0000;
    public const short Readable = 1;

    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x8_0000;
    private const nuint TunSetInterface = 0x4004_54CA;
    private const short LayerThree = 1;
    private const short NoPacketInformation = 0x1000;
    private const int NameSize = 16;
    private const int InterfaceRequestSize = 40;
    private const int TryAgain = 11;
    private const int Interrupted = 4;

    /// <summary>Gives the calling thread, and no other, a new network namespace.</summary>
    public static void UnshareNetwork() => Check(unshare(NewNetwork), "unshare");

    /// <summary>Lets the calling thread, and no other, enter a network namespace.</summary>
    public static void EnterNetwork(SafeFileHandle name) => Check(setns(name, NewNetwork), "setns");

    /// <summary>The calling thread's network namespace; it lives as long as the handle.</summary>
    public static SafeFileHandle OpenNetwork() => Open("/proc/thread-self/ns/net", ReadOnly | CloseOnExec);

    /// <summary>Makes a TUN device in the calling thread's network namespace; it is gone when the handle is.</summary>
    public static SafeFileHandle OpenTun(string name)
    {
        var device = Open("/dev/net/tun", ReadWrite | NonBlocking | CloseOnExec);
        var request = new byte[InterfaceRequestSize];
        System.Text.Encoding.ASCII.GetBytes(name, request);
        BitConverter.TryWriteBytes(request.AsSpan(NameSize), (short)(LayerThree | NoPacketInformation));
        try
        {
            Check(ioctl(device, TunSetInterface, request), "TUNSETIFF");
        }
        catch
        {
            device.Dispose();
            throw;
        }

        return device;
    }

    /// <summary>Reads one packet; 0: there is none.</summary>
    public static int Read(SafeFileHandle device, byte[] packet)
    {
        var count = read(device, packet, packet.Length);
        return count < 0 && Marshal.GetLastPInvokeError() is TryAgain or Interrupted
            ? 0
            : (int)Check(count, "read from a TUN device");
    }

    /// <summary>Writes one packet; false: the device does not take it, as one that is down or full.</summary>
    public static bool TryWrite(SafeFileHandle device, byte[] packet) =>
        write(device, packet, packet.Length) == packet.Length;

    /// <summary>Waits until one of the files can be read, or the time is over.</summary>
    public static void Poll(PollEntry[] entries, int milliseconds)
    {
        if (poll(entries, (nuint)entries.Length, milliseconds) < 0 && Marshal.GetLastPInvokeError() is not Interrupted)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        var handle = open(path, flags);
        return handle.IsInvalid ? throw Failure($"open {path}") : handle;
    }

    private static nint Check(nint result, string what) => result >= 0 ? result : throw Failure(what);

    private static IOException Failure(string what)
    {
        var reason = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{what}: {reason.Message}", reason);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle file, int kind);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, byte[] argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, [Out] byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, byte[] buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll([In, Out] PollEntry[] entries, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        public int File;
        public short Events;
        public short Happened;
    }
}
