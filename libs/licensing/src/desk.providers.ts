import { EndSeatOfDevice } from './handlers/end-seat-of-device.js';
import { FreeSeatsOfLogin } from './handlers/free-seats-of-login.js';
import { FreeSeatsOfUser } from './handlers/free-seats-of-user.js';
import { DeskController } from './http/desk.controller.js';
import { DevicesController } from './http/devices.controller.js';
import { DeviceClaims } from './persistence/device-claims.js';
import { Devices } from './persistence/devices.js';
import { SeatHistory } from './persistence/seat-history.js';
import { SeatStatistics } from './persistence/seat-statistics.js';
import { SeatDesk } from './seats/seat-desk.js';
import { BindDevice } from './use-cases/bind-device.js';
import { ClaimDevice } from './use-cases/claim-device.js';
import { EndSeats } from './use-cases/end-seats.js';
import { FreeSeat } from './use-cases/free-seat.js';
import { ListSeats } from './use-cases/list-seats.js';
import { OperateDesk } from './use-cases/operate-desk.js';
import { ReadDevices } from './use-cases/read-devices.js';
import { ReadSeatStatistics } from './use-cases/read-seat-statistics.js';
import { TakeSeats } from './use-cases/take-seats.js';
import { UnbindDevice } from './use-cases/unbind-device.js';

/** Who holds what, freeing it, and the devices of node-locked licences: of LicensingModule. */
export const DESK = [
  SeatDesk,
  SeatHistory,
  Devices,
  EndSeats,
  TakeSeats,
  ListSeats,
  FreeSeat,
  BindDevice,
  UnbindDevice,
  ReadDevices,
  DeviceClaims,
  ClaimDevice,
  SeatStatistics,
  ReadSeatStatistics,
  OperateDesk,
];

export const DESK_CONTROLLERS = [DeskController, DevicesController];

export const DESK_HANDLERS = [FreeSeatsOfLogin, FreeSeatsOfUser, EndSeatOfDevice];
