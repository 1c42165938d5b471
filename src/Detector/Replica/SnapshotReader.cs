using System.Security.Cryptography;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Http;

namespace FederationNode.Detector.Replica;

/// <summary>Reads a snapshot into a new list. docs/protocol.md section 14, "GET /v1/snapshot".</summary>
internal static class SnapshotReader
{
    private const string Format = "fednode-snapshot/1";

    /// <summary>Bytes of a line: an indicator that 1,000 members list, with the longest contexts.</summary>
    private const int MaxLine = 32 * 1024 * 1024;

    /// <summary>Reads all of it; nothing is given before its end fits.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="maxIndicators">Indicators at most.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InvalidDataException">It is broken off, damaged, or too long.</exception>
    /// <exception cref="DetectorException">It is none of this version.</exception>
    public static async Task<(ReplicaList List, ReplicaPlace Place)> ReadAsync(
        Stream stream, int maxIndicators, long now, CancellationToken cancellationToken)
    {
        var lines = new BoundedLines(stream, MaxLine);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var header = WireJson.Read<SnapshotHeader>((await NextAsync(lines, sum, cancellationToken)).Span, "a snapshot's header");
        if (header.Format != Format)
        {
            throw new DetectorException(200, $"The snapshot is of format {header.Format}; this version reads {Format}.");
        }

        var list = new ReplicaList();
        for (var count = 0L; ; count++)
        {
            var line = await lines.ReadAsync(cancellationToken) ?? throw BrokenOff();
            if (WireJson.IsEnd(line.Span))
            {
                var end = WireJson.Read<SnapshotEnd>(line.Span, "a snapshot's end");
                if (!end.End || end.Count != count || end.Sha256 != Convert.ToHexStringLower(sum.GetCurrentHash()))
                {
                    throw new InvalidDataException("The snapshot is damaged: its end does not fit what came before.");
                }

                break;
            }

            Append(sum, line);
            var row = WireJson.Read<IndicatorSummary>(line.Span, "a snapshot's row");
            var id = PageReader.IdOf(row.Id);
            list.Put(id, ReplicaRow.Encode(id, row));
            if (list.Count > maxIndicators)
            {
                throw new InvalidDataException($"The list has more than {maxIndicators} indicators: raise Replica.MaxIndicators.");
            }
        }

        return await lines.ReadAsync(cancellationToken) is null
            ? (list, new ReplicaPlace(
                header.Coalition, header.Member, header.Cursor, header.Roster, header.ListVersion, header.ListSize, now))
            : throw new InvalidDataException("The snapshot goes on after its end.");
    }

    private static async ValueTask<ReadOnlyMemory<byte>> NextAsync(
        BoundedLines lines, IncrementalHash sum, CancellationToken cancellationToken)
    {
        var line = await lines.ReadAsync(cancellationToken) ?? throw BrokenOff();
        Append(sum, line);
        return line;
    }

    private static void Append(IncrementalHash sum, ReadOnlyMemory<byte> line)
    {
        sum.AppendData(line.Span);
        sum.AppendData("\n"u8);
    }

    private static InvalidDataException BrokenOff() => new("The snapshot was broken off: it has no end.");
}
