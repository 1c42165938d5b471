using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace FederationNode.Network.Tests.Emulation;

/// <summary>
/// A network namespace with one TUN device, the only way out. It has no name: it lives as long as this object or a
/// process in it, so nothing is left behind, however the tests end.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const string Device = "wan";
    private const string Network = "10.77.0.0/24";

    private readonly SafeFileHandle _handle;

    private NetworkNamespace(IPAddress address, SafeFileHandle handle, SafeFileHandle tun)
    {
        Address = address;
        _handle = handle;
        Tun = tun;
    }

    public IPAddress Address { get; }

    /// <summary>Packets that leave the namespace are read here, and those for it written.</summary>
    public SafeFileHandle Tun { get; }

    /// <summary>What a command line begins with for its program to run inside; the program takes its place.</summary>
    public string[] Under =>
    [
        "nsenter",
        string.Create(
            CultureInfo.InvariantCulture, $"--net=/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}"),
    ];

    /// <summary>Makes a namespace and its device.</summary>
    /// <param name="number">Its address is 10.77.0.number; 10.77.0.0/24 is reached through the device.</param>
    /// <param name="congestionControl">Of TCP: else it would be whatever this machine has.</param>
    /// <exception cref="IOException">It cannot be made here; says why.</exception>
    public static NetworkNamespace Create(byte number, string congestionControl)
    {
        var address = new IPAddress([10, 77, 0, number]);
        var made = OnOwnThread(() =>
        {
            Linux.UnshareNetwork();
            var handle = Linux.OpenNetwork();
            try
            {
                return new NetworkNamespace(address, handle, Linux.OpenTun(Device));
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        });
        try
        {
            // By the route and not by sysctl: a namespace may make only that its default which all users may use.
            made.Run(
                $"ip link set lo up && ip address add {address}/24 dev {Device} && ip link set {Device} up "
                + $"&& ip route replace {Network} dev {Device} src {address} congctl {congestionControl}");
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A connected socket of the namespace, whoever uses it. Only the socket is made there: a thread of the pool that
    /// began its life inside would stay.
    /// </summary>
    public Socket Connect(IPEndPoint target) => OnOwnThread(() =>
    {
        Linux.EnterNetwork(_handle);
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(target);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    });

    /// <summary>A UDP socket of the namespace.</summary>
    public Socket BindUdp() => OnOwnThread(() =>
    {
        Linux.EnterNetwork(_handle);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Address, 0));
        return socket;
    });

    public void Dispose()
    {
        Tun.Dispose();
        _handle.Dispose();
    }

    private void Run(string commands)
    {
        string[] line = [.. Under, "sh", "-c", commands];
        using var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{commands}: {error.Trim()}");
        }
    }

    /// <summary>A thread cannot be given back to the pool once it has entered a namespace.</summary>
    private static T OnOwnThread<T>(Func<T> act)
    {
        var result = default(T);
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = act();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }
}
