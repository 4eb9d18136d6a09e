//! 256-bit magnitudes, as far as DECIMAL arithmetic needs them.

/// `high * 2^128 + low`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide {
    high: u128,
    low: u128,
}

/// 10^exponent; `exponent` is at most 38.
pub(super) fn power10(exponent: u32) -> u128 {
    10_u128.pow(exponent)
}

impl From<u128> for Wide {
    fn from(low: u128) -> Self {
        Self { high: 0, low }
    }
}

impl Wide {
    /// The value, if 128 bits hold it.
    pub fn to_u128(self) -> Option<u128> {
        (self.high == 0).then_some(self.low)
    }

    /// The whole product of two magnitudes.
    pub fn product(a: u128, b: u128) -> Self {
        const HALF: u32 = 64;
        const MASK: u128 = (1 << HALF) - 1;
        let (a1, a0) = (a >> HALF, a & MASK);
        let (b1, b0) = (b >> HALF, b & MASK);
        let low = a0 * b0;
        let cross = a1 * b0 + (low >> HALF);
        let middle = a0 * b1 + (cross & MASK);
        Self {
            high: a1 * b1 + (cross >> HALF) + (middle >> HALF),
            low: middle << HALF | low & MASK,
        }
    }

    /// The sum, if 256 bits hold it.
    pub fn add(self, other: Self) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self
            .high
            .checked_add(other.high)?
            .checked_add(u128::from(carry))?;
        Some(Self { high, low })
    }

    /// The difference; `other` is not larger.
    pub fn subtract(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        let high = self.high - other.high - u128::from(borrow);
        Self { high, low }
    }

    /// Times 10^exponent, if 256 bits hold it.
    pub fn multiply_power10(self, mut exponent: u32) -> Option<Self> {
        let mut value = self;
        while exponent > 0 {
            let step = exponent.min(38);
            let factor = power10(step);
            let low = Self::product(value.low, factor);
            let high = Self::product(value.high, factor).to_u128()?;
            value = Self {
                high: low.high.checked_add(high)?,
                low: low.low,
            };
            exponent -= step;
        }
        Some(value)
    }

    /// Divided by 10^exponent, the next digit rounding HALF_UP.
    pub fn divide_power10_half_up(self, exponent: u32) -> Self {
        let Some(mut left) = exponent.checked_sub(1) else {
            return self;
        };
        let mut value = self;
        while left > 0 {
            let step = left.min(38);
            value = value.divide(Self::from(power10(step))).0;
            left -= step;
        }
        let (quotient, digit) = value.divide(Self::from(10));
        let up = Self::from(u128::from(digit.low >= 5));
        quotient
            .add(up)
            .expect("a tenth of 256 bits has room for one more")
    }

    /// Quotient and remainder; the divisor is not zero.
    pub fn divide(self, divisor: Self) -> (Self, Self) {
        if self.high == 0 && divisor.high == 0 {
            return (
                Self::from(self.low / divisor.low),
                Self::from(self.low % divisor.low),
            );
        }
        let mut quotient = Self { high: 0, low: 0 };
        let mut rest = Self { high: 0, low: 0 };
        for bit in (0..256).rev() {
            let carried = rest.high >> 127 == 1;
            rest = rest.shifted_in(self.bit(bit));
            quotient = quotient.shifted_in(0);
            if carried || rest >= divisor {
                rest = rest.wrapping_subtract(divisor);
                quotient.low |= 1;
            }
        }
        (quotient, rest)
    }

    fn bit(self, index: u32) -> u128 {
        if index >= 128 {
            self.high >> (index - 128) & 1
        } else {
            self.low >> index & 1
        }
    }

    fn shifted_in(self, bit: u128) -> Self {
        Self {
            high: self.high << 1 | self.low >> 127,
            low: self.low << 1 | bit,
        }
    }

    fn wrapping_subtract(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self {
            high: self
                .high
                .wrapping_sub(other.high)
                .wrapping_sub(u128::from(borrow)),
            low,
        }
    }
}
