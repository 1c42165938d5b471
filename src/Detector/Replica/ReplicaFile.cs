using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationNode.Detector.Http;
using FederationNode.Protocol;

namespace FederationNode.Detector.Replica;

/// <summary>
/// A replica on disk: one file of records, a base that is written aside and renamed, then what changed, appended. A record is
/// the length of its body (4 bytes, little-endian), SHA-256 over the sum of the record before (32 zero bytes at first) and
/// the body, and the body: a letter, then <c>R</c> rows (a count; each an id, a length plus one or 0 for none, and the
/// bytes) or <c>P</c> a place as JSON. What stands behind the last place does not count. A file whose base is damaged is
/// thrown away; one that ends in a torn or damaged record is cut there, and the cursor before it leads on. One process at
/// a time: the file <c>lock</c> is held open.
/// </summary>
internal sealed class ReplicaFile : IDisposable
{
    /// <summary>The file in the replica's folder.</summary>
    public const string Name = "replica.list";

    private const int HeadLength = sizeof(int) + SHA256.HashSizeInBytes;
    private const int MaxBody = 128 * 1024 * 1024;
    private const int RowsBody = 256 * 1024;

    /// <summary>Bytes appended after which the base is written anew, if they are also more than the base.</summary>
    private const long MuchAppended = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly FileStream _lock;
    private FileStream? _file;
    private byte[] _sum = new byte[SHA256.HashSizeInBytes];
    private long _base;

    /// <summary>Takes hold of a folder, and makes it if it is missing.</summary>
    /// <exception cref="IOException">The folder cannot be used, or another process uses it.</exception>
    public ReplicaFile(string folder)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, Name);
        try
        {
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new IOException($"{folder} is used by another process: give each replica a folder of its own.", e);
        }
    }

    /// <summary>Whether so much was appended that the base should be written anew.</summary>
    public bool IsLong => _file is { } file && file.Length - _base > Math.Max(MuchAppended, _base);

    /// <summary>Reads what was kept.</summary>
    /// <param name="maxIndicators">Indicators at most.</param>
    /// <param name="fault">What was wrong with the file, also if a part of it could be used; null if nothing was.</param>
    /// <returns>The list and where to go on, or null if nothing can be used.</returns>
    public (ReplicaList List, ReplicaPlace Place)? Load(int maxIndicators, out string? fault)
    {
        fault = null;
        Close();
        if (!File.Exists(_path))
        {
            return null;
        }

        var file = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1024 * 1024);
        try
        {
            return Read(file, maxIndicators, ref fault);
        }
        finally
        {
            if (_file != file)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Writes all of a list, aside, and puts it in the place of what was there in one step.</summary>
    public void Write(ReplicaList list, ReplicaPlace place)
    {
        Close();
        var aside = _path + ".new";
        using (var file = new FileStream(aside, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1024 * 1024))
        {
            _sum = new byte[SHA256.HashSizeInBytes];
            WriteRows(file, list.Rows.Select(r => KeyValuePair.Create(r.Key, (byte[]?)r.Value)));
            WritePlace(file, place);
            file.Flush(flushToDisk: true);
        }

        File.Move(aside, _path, overwrite: true);
        _file = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        _file.Seek(0, SeekOrigin.End);
        _base = _file.Length;
    }

    /// <summary>Appends what changed. Call after <see cref="Load"/> gave a list, or <see cref="Write"/>.</summary>
    public void Append(IEnumerable<KeyValuePair<Hash256, byte[]?>> rows, ReplicaPlace place)
    {
        var file = _file ?? throw new InvalidOperationException("There is no base to append to.");
        WriteRows(file, rows);
        WritePlace(file, place);
        file.Flush();
    }

    /// <summary>Lets the file go: what was not appended as a whole does not count.</summary>
    public void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _lock.Dispose();
    }

    private (ReplicaList List, ReplicaPlace Place)? Read(FileStream file, int maxIndicators, ref string? fault)
    {
        var (list, sum) = (new ReplicaList(), new byte[SHA256.HashSizeInBytes]);
        ReplicaPlace? place = null;
        var (placeEnd, placeSum) = (0L, sum);
        try
        {
            while (ReadRecord(file, ref sum) is { } body)
            {
                if (body[0] == (byte)'P')
                {
                    place = WireJson.Read<ReplicaPlace>(body.AsSpan(1), "a place");
                    (placeEnd, placeSum) = (file.Position, sum);
                }
                else
                {
                    ReadRows(body, list);
                }

                if (list.Count > maxIndicators)
                {
                    throw new InvalidDataException($"more than {maxIndicators} indicators");
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or DetectorException or FormatException)
        {
            fault = $"{_path} is damaged or torn at byte {file.Position}: {e.Message}";
        }

        if (place is null)
        {
            fault ??= file.Length == 0 ? null : $"{_path} has no place.";
            return null;
        }

        // Rows behind the last place may be in the list by now: they are newer, and will be told of again.
        file.SetLength(placeEnd);
        file.Seek(placeEnd, SeekOrigin.Begin);
        (_file, _sum, _base) = (file, placeSum, placeEnd);
        return (list, place);
    }

    private static byte[]? ReadRecord(FileStream file, ref byte[] sum)
    {
        Span<byte> head = stackalloc byte[HeadLength];
        var read = file.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        if (read == 0)
        {
            return null;
        }

        if (read < HeadLength)
        {
            throw new EndOfStreamException("a record is cut off");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 1 or > MaxBody || length > file.Length - file.Position)
        {
            throw new InvalidDataException("a record has a length that cannot be");
        }

        var body = new byte[length];
        file.ReadExactly(body);
        var expected = SumOf(sum, body);
        if (!head[sizeof(int)..].SequenceEqual(expected))
        {
            throw new InvalidDataException("the sum of a record is wrong");
        }

        sum = expected;
        return body[0] is (byte)'R' or (byte)'P' ? body : throw new InvalidDataException("a record is of another version");
    }

    private static void ReadRows(byte[] body, ReplicaList list)
    {
        using var reader = new BinaryReader(new MemoryStream(body, 1, body.Length - 1));
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var id = new Hash256(reader.ReadBytes(Hash256.Size) is { Length: Hash256.Size } bytes
                ? bytes
                : throw new EndOfStreamException("a row is cut off"));
            var length = reader.Read7BitEncodedInt() - 1;
            list.Put(id, length < 0 ? null : reader.ReadBytes(length));
        }
    }

    private void WriteRows(FileStream file, IEnumerable<KeyValuePair<Hash256, byte[]?>> rows)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        var count = 0;
        foreach (var (id, row) in rows)
        {
            writer.Write(id.Span);
            writer.Write7BitEncodedInt(row is null ? 0 : row.Length + 1);
            writer.Write(row ?? []);
            count++;
            if (bytes.Length >= RowsBody)
            {
                Flush();
            }
        }

        if (count > 0)
        {
            Flush();
        }

        void Flush()
        {
            using var body = new MemoryStream((int)bytes.Length + 8);
            using var head = new BinaryWriter(body);
            head.Write((byte)'R');
            head.Write7BitEncodedInt(count);
            bytes.WriteTo(body);
            WriteRecord(file, body.ToArray());
            bytes.SetLength(0);
            count = 0;
        }
    }

    private void WritePlace(FileStream file, ReplicaPlace place) =>
        WriteRecord(file, [(byte)'P', .. JsonSerializer.SerializeToUtf8Bytes(place, WireJson.Options)]);

    private void WriteRecord(FileStream file, byte[] body)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
        _sum = SumOf(_sum, body);
        file.Write(length);
        file.Write(_sum);
        file.Write(body);
    }

    private static byte[] SumOf(byte[] before, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
