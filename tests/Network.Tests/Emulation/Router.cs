using System.Diagnostics;

namespace FederationNode.Network.Tests.Emulation;

/// <summary>
/// Carries IPv4 packets between namespaces, each direction of each pair by rules of its own: what netem does in
/// kernels that have it. One thread; packets of anything but IPv4, or for nobody, are dropped.
/// </summary>
internal sealed class Router : IDisposable
{
    private const int Mtu = 65_536;
    private const int LongestWait = 100;
    private const int TargetOffset = 16;
    private const int HeaderSize = 20;

    private readonly NetworkNamespace[] _places;
    private readonly uint[] _addresses;
    private readonly Link[,] _links;
    private readonly PriorityQueue<(int From, int To, byte[] Packet), (long Due, long Number)> _underWay = new();
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private readonly byte[] _buffer = new byte[Mtu];
    private long _packets;
    private volatile bool _stopping;
    private volatile Exception? _failure;

    /// <summary>Starts to carry, with perfect links. The places are not disposed here.</summary>
    public Router(IReadOnlyList<NetworkNamespace> places, int seed)
    {
        _places = [.. places];
        _addresses = [.. _places.Select(p => BitConverter.ToUInt32(p.Address.GetAddressBytes()))];
        _links = new Link[_places.Length, _places.Length];
        for (var from = 0; from < _places.Length; from++)
        {
            for (var to = 0; to < _places.Length; to++)
            {
                _links[from, to] = new Link(((ulong)(uint)seed << 32) | (uint)((from * 256) + to));
            }
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "router" };
        _thread.Start();
    }

    public LinkRules this[int from, int to]
    {
        get
        {
            lock (_gate)
            {
                return _links[from, to].Rules;
            }
        }

        set
        {
            lock (_gate)
            {
                _links[from, to].Rules = value;
            }
        }
    }

    /// <summary>What became of the packets of one direction so far.</summary>
    /// <exception cref="InvalidOperationException">The router broke down.</exception>
    public LinkCounts Counts(int from, int to)
    {
        if (_failure is { } failure)
        {
            throw new InvalidOperationException("The router broke down.", failure);
        }

        lock (_gate)
        {
            return _links[from, to].Counts;
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
    }

    private static long Now => (long)(Stopwatch.GetTimestamp() * (1_000_000.0 / Stopwatch.Frequency));

    private void Run()
    {
        var entries = _places.Select(p => new Linux.PollEntry
        {
            File = (int)p.Tun.DangerousGetHandle(),
            Events = Linux.Readable,
        }).ToArray();
        try
        {
            while (!_stopping)
            {
                Linux.Poll(entries, WaitFor(Deliver()));
                for (var from = 0; from < entries.Length; from++)
                {
                    if ((entries[from].Happened & Linux.Readable) != 0)
                    {
                        ReadAll(from);
                    }
                }
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }

    /// <summary>Rounded up, so that it does not spin for the rest of a millisecond.</summary>
    private static int WaitFor(long? due) =>
        due is { } time ? (int)Math.Clamp((time - Now + 999) / 1000, 0, LongestWait) : LongestWait;

    private void ReadAll(int from)
    {
        while (Linux.Read(_places[from].Tun, _buffer) is > 0 and var size)
        {
            if (TargetOf(_buffer.AsSpan(0, size)) is not { } to || to == from)
            {
                continue;
            }

            lock (_gate)
            {
                if (_links[from, to].Enter(Now, size) is { } due)
                {
                    _underWay.Enqueue((from, to, _buffer[..size]), (due, ++_packets));
                }
            }
        }
    }

    private int? TargetOf(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < HeaderSize || packet[0] >> 4 != 4)
        {
            return null;
        }

        var to = Array.IndexOf(_addresses, BitConverter.ToUInt32(packet[TargetOffset..]));
        return to < 0 ? null : to;
    }

    /// <summary>Writes what is due; the answer is when the next packet is.</summary>
    private long? Deliver()
    {
        while (true)
        {
            if (!_underWay.TryPeek(out var next, out var order))
            {
                return null;
            }

            if (order.Due > Now)
            {
                return order.Due;
            }

            _underWay.Dequeue();
            bool leaves;
            lock (_gate)
            {
                leaves = _links[next.From, next.To].Leave(next.Packet.Length);
            }

            if (leaves)
            {
                // What a full or closing device does not take is one more lost packet.
                _ = Linux.TryWrite(_places[next.To].Tun, next.Packet);
            }
        }
    }
}
