using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using MessagePack;
using NSec.Cryptography;

namespace FederationNode.Protocol.Keys;

/// <summary>
/// A secret at rest, in a file or a row: encrypted with XChaCha20-Poly1305 under a key that Argon2id (RFC 9106, one lane) makes of a
/// passphrase. Encoding, canonical MessagePack: <c>[header (bin), box (bin), check (bin32)]</c> with
/// <c>header = [1, purpose, memory (KiB), passes, salt (bin16), nonce (bin24)]</c>, which is the box's associated data, and
/// <c>check = SHA-256("fednode/sealed/1" || 0x00 || header || box)</c>, which tells damage from a wrong passphrase.
/// </summary>
public static class SealedSecret
{
    /// <summary>Length in bytes of the randomness of one sealing: 40.</summary>
    public const int RandomSize = SaltSize + NonceSize;

    /// <summary>Longest secret in bytes: 16,384.</summary>
    public const int MaxSecret = 16_384;

    /// <summary>Longest passphrase in bytes: 1,024.</summary>
    public const int MaxPassphrase = 1_024;

    /// <summary>Longest encoding in bytes.</summary>
    public const int MaxEncoded = MaxSecret + 256;

    private const int SaltSize = 16;
    private const int NonceSize = 24;
    private const int TagSize = 16;

    /// <summary>Seals a secret.</summary>
    /// <param name="purpose">What the secret is, a code; a secret sealed for one purpose opens for no other.</param>
    /// <param name="secret">1 to <see cref="MaxSecret"/> bytes; the caller erases them.</param>
    /// <param name="passphrase">1 to <see cref="MaxPassphrase"/> bytes; the caller erases them.</param>
    /// <param name="cost">What a guess of the passphrase costs.</param>
    /// <param name="random40">40 fresh random bytes.</param>
    /// <exception cref="ArgumentException">A length is not allowed, or the purpose is no code.</exception>
    public static byte[] Seal(
        string purpose,
        ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> passphrase,
        PassphraseCost cost,
        ReadOnlySpan<byte> random40)
    {
        ArgumentNullException.ThrowIfNull(cost);
        if (!Names.IsCode(purpose))
        {
            throw new ArgumentException($"\"{purpose}\" is no code.", nameof(purpose));
        }

        if (secret.Length is < 1 or > MaxSecret || passphrase.Length is < 1 or > MaxPassphrase || random40.Length != RandomSize)
        {
            throw new ArgumentException(
                $"A secret of 1 to {MaxSecret} bytes, a passphrase of 1 to {MaxPassphrase} and {RandomSize} random bytes are "
                + $"needed, not {secret.Length}, {passphrase.Length} and {random40.Length}.");
        }

        var header = new Header(purpose, cost, random40[..SaltSize].ToArray(), random40[SaltSize..].ToArray());
        var headerBytes = CanonicalReader.Write(header, WriteHeader);
        using var key = KeyOf(header, passphrase);
        var box = AeadAlgorithm.XChaCha20Poly1305.Encrypt(key, header.Nonce, headerBytes, secret);
        return CanonicalReader.Write(new Parts(headerBytes, box, CheckOf(headerBytes, box)), WriteParts);
    }

    /// <summary>
    /// Opens a sealed secret. Everything is checked before the passphrase costs time and memory, which the format bounds.
    /// </summary>
    /// <param name="purpose">What the secret should be.</param>
    /// <param name="bytes">The encoding.</param>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="secret">The secret, in memory that the collector does not move; the caller erases it.</param>
    /// <param name="error">Whether the bytes are damaged, something else, or the passphrase is wrong. It never holds any part
    /// of the secret.</param>
    public static bool TryOpen(
        string purpose,
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> passphrase,
        [NotNullWhen(true)] out byte[]? secret,
        [NotNullWhen(false)] out string? error)
    {
        secret = null;
        if (!TryRead(bytes, out var parts, out var header, out error))
        {
            return false;
        }

        if (header.Purpose != purpose)
        {
            error = $"This is a sealed {header.Purpose}, and a sealed {purpose} is needed: choose another file.";
            return false;
        }

        if (passphrase.Length is < 1 or > MaxPassphrase)
        {
            error = $"A passphrase has 1 to {MaxPassphrase} bytes, not {passphrase.Length}.";
            return false;
        }

        var opened = GC.AllocateArray<byte>(parts.Box.Length - TagSize, pinned: true);
        using var key = KeyOf(header, passphrase);
        if (!AeadAlgorithm.XChaCha20Poly1305.Decrypt(key, header.Nonce, parts.Header, parts.Box, opened))
        {
            error = "The passphrase is not the one that this was sealed with.";
            return false;
        }

        secret = opened;
        return true;
    }

    private static bool TryRead(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out Parts? parts,
        [NotNullWhen(true)] out Header? header,
        [NotNullWhen(false)] out string? error)
    {
        parts = null;
        header = null;
        if (bytes.Length > MaxEncoded)
        {
            error = $"A sealed secret has at most {MaxEncoded} bytes, not {bytes.Length}: this is something else.";
            return false;
        }

        if (!CanonicalReader.TryRead(bytes, ReadParts, WriteParts, out parts, out error))
        {
            error = $"This is no sealed secret, or it is cut off: restore it from a copy. {error}";
            return false;
        }

        if (CheckOf(parts.Header, parts.Box) != parts.Check)
        {
            error = "The sealed secret is damaged: restore it from a copy. The passphrase was not tried.";
            return false;
        }

        return CanonicalReader.TryRead(parts.Header, ReadHeader, WriteHeader, out header, out error);
    }

    private static Key KeyOf(Header header, ReadOnlySpan<byte> passphrase)
    {
        var parameters = new Argon2Parameters
        {
            DegreeOfParallelism = 1,
            MemorySize = header.Cost.MemoryKibibytes,
            NumberOfPasses = header.Cost.Passes,
        };
        return new Argon2id(in parameters).DeriveKey(passphrase, header.Salt, AeadAlgorithm.XChaCha20Poly1305);
    }

    private static Hash256 CheckOf(byte[] header, byte[] box)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("fednode/sealed/1\0"u8);
        hash.AppendData(header);
        hash.AppendData(box);
        return new Hash256(hash.GetHashAndReset());
    }

    private static Parts ReadParts(ref MessagePackReader reader)
    {
        reader.ExpectArray(3, "A sealed secret");
        var header = reader.ReadBinary(MaxEncoded - MaxSecret, "A header");
        var box = reader.ReadBinary(MaxSecret + TagSize, "A box");
        return box.Length > TagSize
            ? new Parts(header, box, reader.ReadHash("A check"))
            : throw new CanonicalReader.ShapeException("The box is empty.");
    }

    private static void WriteParts(ref MessagePackWriter writer, Parts parts)
    {
        writer.WriteArrayHeader(3);
        writer.Write(parts.Header);
        writer.Write(parts.Box);
        writer.WriteHash(parts.Check);
    }

    private static Header ReadHeader(ref MessagePackReader reader)
    {
        reader.ExpectArray(6, "The header of a sealed secret");
        reader.ExpectVersion("The sealed secret");
        var purpose = reader.ReadCode("A purpose");
        var memory = reader.ReadNumber(PassphraseCost.MaxMemory, "The memory of a guess");
        var passes = reader.ReadNumber(PassphraseCost.MaxPasses, "The passes of a guess");
        if (memory < PassphraseCost.MinMemory || passes < 1)
        {
            throw new CanonicalReader.ShapeException("A guess of the passphrase would cost nothing.");
        }

        return new Header(
            purpose, new PassphraseCost((int)memory, (int)passes), ReadExactly(ref reader, SaltSize), ReadExactly(ref reader, NonceSize));
    }

    private static byte[] ReadExactly(ref MessagePackReader reader, int size)
    {
        var bytes = reader.ReadBinary(size, "Salt or nonce");
        return bytes.Length == size
            ? bytes
            : throw new CanonicalReader.ShapeException($"Salt or nonce has {size} bytes, not {bytes.Length}.");
    }

    private static void WriteHeader(ref MessagePackWriter writer, Header header)
    {
        writer.WriteArrayHeader(6);
        writer.Write(1);
        writer.Write(header.Purpose);
        writer.Write(header.Cost.MemoryKibibytes);
        writer.Write(header.Cost.Passes);
        writer.Write(header.Salt);
        writer.Write(header.Nonce);
    }

    private sealed record Header(string Purpose, PassphraseCost Cost, byte[] Salt, byte[] Nonce);

    private sealed record Parts(byte[] Header, byte[] Box, Hash256 Check);
}
