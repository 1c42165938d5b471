using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Detector.Http;
using FederationNode.Protocol;

namespace FederationNode.Detector.Replica;

/// <summary>Reads and verifies pages of changes. docs/protocol.md section 14, "GET /v1/changes", "Sum".</summary>
internal static class PageReader
{
    /// <summary>Rows of a page that the replica asks for.</summary>
    public const int Rows = 500;

    /// <summary>Bytes of a page at most.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private const int TailLength = 93;

    /// <summary>Reads a page.</summary>
    /// <exception cref="InvalidDataException">It is cut off or damaged, or does not hold together.</exception>
    /// <exception cref="DetectorException">It is none of this version.</exception>
    public static ChangesPage Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < TailLength
            || Encoding.ASCII.GetString(bytes[^TailLength..])
                != $",\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(bytes[..^TailLength]))}\",\"complete\":true}}")
        {
            throw new InvalidDataException("A page of changes is cut off or damaged: its sum is not that of its bytes.");
        }

        var page = WireJson.Read<ChangesPage>(bytes, "a page of changes");
        return page.Count == page.Changes.Count && page.Cursor.Length is > 0 and <= Limits.MaxCursor
            ? page
            : throw new InvalidDataException("A page of changes has another number of rows than it says, or no cursor.");
    }

    /// <summary>The rows that a page changes: bytes as of <see cref="ReplicaRow"/>, null where nobody lists it any more.</summary>
    /// <exception cref="DetectorException">A row cannot be used.</exception>
    public static List<KeyValuePair<Hash256, byte[]?>> RowsOf(ChangesPage page)
    {
        var rows = new List<KeyValuePair<Hash256, byte[]?>>(page.Changes.Count);
        foreach (var change in page.Changes)
        {
            if (change.IndicatorId is { } text)
            {
                var id = IdOf(text);
                rows.Add(new(id, change.Indicator is { } row ? ReplicaRow.Encode(id, row) : null));
            }
        }

        return rows;
    }

    /// <summary>Reads an indicator's id.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static Hash256 IdOf(string text) => Hash256.TryParseLowerHex(text, out var id)
        ? id
        : throw new InvalidDataException("The node sent a row whose id is no id.");
}
