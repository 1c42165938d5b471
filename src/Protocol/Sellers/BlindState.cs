using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// What a client keeps between blinding an input and finalising its evaluation: the input, the secret blind and the
/// element that is sent. Serves for one exchange: a blind used twice would let a holder link the two requests.
/// Input and blind lie in memory that the collector does not move; <see cref="Dispose"/> erases both.
/// </summary>
public sealed class BlindState : IDisposable
{
    private readonly byte[] _input;
    private readonly RistrettoScalar[] _blind = GC.AllocateArray<RistrettoScalar>(1, pinned: true);
    private bool _disposed;

    internal BlindState(ReadOnlySpan<byte> input, in RistrettoScalar blind, RistrettoPoint blindedElement)
    {
        _input = GC.AllocateArray<byte>(input.Length, pinned: true);
        input.CopyTo(_input);
        _blind[0] = blind;
        BlindedElement = blindedElement;
    }

    /// <summary>What goes to the holder: the hash of the input times the blind; uniform, whatever the input.</summary>
    public RistrettoPoint BlindedElement { get; }

    internal ReadOnlySpan<byte> Input
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _input;
        }
    }

    internal ref readonly RistrettoScalar Blind
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return ref _blind[0];
        }
    }

    /// <summary>Whether input and blind are all zero bytes, as <see cref="Dispose"/> leaves them.</summary>
    public bool IsErased => _blind[0].IsZero && !_input.AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>Erases the blind and the input.</summary>
    public void Dispose()
    {
        _disposed = true;
        _blind[0].Erase();
        CryptographicOperations.ZeroMemory(_input);
    }

    /// <summary>The blinded element only.</summary>
    public override string ToString() => $"blinded {BlindedElement}";
}
